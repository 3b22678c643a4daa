"""What mosquitto counts under `$SYS`."""

from __future__ import annotations

import pytest

from tundish_connectors._mqtt.losses import losses


@pytest.mark.parametrize(
    ("version", "dropped"),
    [("", ""), ("mosquitto version 2.0.11", "0"), ("mosquitto version 2.0.11", "many"), ("another broker", "7")],
)
def test_nothing_is_said(version: str, dropped: str) -> None:
    assert losses(version, dropped) == ()


def test_dropped_messages_name_the_setting() -> None:
    (fault,) = losses("mosquitto version 2.0.11", "17")
    assert "has dropped 17 messages" in fault.text
    assert "max_queued_messages" in fault.cure
