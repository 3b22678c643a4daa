"""What the daemon says, and what it never says."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from tundish.telemetry import Event, configure_logs, logger, masked


@pytest.fixture(autouse=True)
def _usual_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_a_line_is_json_with_the_events_name() -> None:
    stream = io.StringIO()
    configure_logs("json", stream=stream)
    logger(route="orders").info(Event.DEAD_LETTER, seq=7)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["route"], line["seq"], line["level"]) == ("dead-letter.new", "orders", 7, "info")
    assert line["timestamp"].endswith("Z")


def test_quieter_levels_are_left_out() -> None:
    stream = io.StringIO()
    configure_logs("console", level="warning", stream=stream)
    logger().info(Event.DAEMON_READY)
    logger().warning(Event.COMPONENT_LOST, component="connection/erp")
    assert "daemon.ready" not in stream.getvalue()
    assert "component.lost" in stream.getvalue()


def test_secrets_are_masked_however_deep_they_are() -> None:
    facts: dict[str, object] = {
        "headers": {"Authorization": "Bearer x", "x-api-key": "y", "Accept": "*/*"},
        "password": "z",
        "seq": 1,
    }
    facts["peers"] = [{"token": "t"}, "plain"]
    assert masked(facts) == {
        "headers": {"Authorization": "***", "x-api-key": "***", "Accept": "*/*"},
        "password": "***",
        "seq": 1,
        "peers": [{"token": "***"}, "plain"],
    }


def test_event_names_are_told_apart() -> None:
    assert len({event.value for event in Event}) == len(Event)


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    stream = io.StringIO()
    configure_logs("json", stream=stream)
    stream.close()
    logger().error("daemon.ready")
