"""Reason codes become classes of errors."""

from __future__ import annotations

import pytest

from tundish.errors import AuthFailed, Misconfigured, NotConnected, Rejected, Transient
from tundish_connectors._mqtt.reasons import dropped, not_published, refused


@pytest.mark.parametrize(
    ("code", "error"),
    [(0x86, AuthFailed), (0x87, AuthFailed), (0x84, Misconfigured), (0x85, Misconfigured), (0x88, NotConnected)],
)
def test_a_refused_connection(code: int, error: type[Exception]) -> None:
    assert type(refused("the connection", code, "Name")) is error


@pytest.mark.parametrize(
    ("code", "error"),
    [(0x87, AuthFailed), (0x90, Rejected), (0x95, Rejected), (0x97, Transient), (0x80, Transient), (0x83, Transient)],
)
def test_a_refused_message(code: int, error: type[Exception]) -> None:
    assert type(not_published("a", code, "Name")) is error


def test_another_client_of_the_same_name_is_told_apart() -> None:
    assert "give one of the two" in str(dropped(0x8E, "Session taken over", "tundish-x"))
    assert "Server shutting down" in str(dropped(0x8B, "Server shutting down", "tundish-x"))
