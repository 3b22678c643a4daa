"""How streams lose messages by their own limits."""

from __future__ import annotations

from typing import Any

import pytest
from nats.js.api import StreamInfo

from tundish_connectors.nats.streams import stream_faults


def info(**config: Any) -> StreamInfo:
    """A stream as the server describes it."""
    state = {"messages": 0, "bytes": 0, "first_seq": 0, "last_seq": 0, "consumer_count": 0}
    base = {"name": "IN", "subjects": ["in"], "storage": "file", "retention": "limits", "discard": "old"}
    answer = {"config": {**base, **config}, "state": state, "created": "2026-01-02T03:04:05.000000Z"}
    found: StreamInfo = StreamInfo.from_response(answer)
    return found


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"storage": "memory"}, "is in memory alone"),
        ({"max_msgs": 10}, "drops its oldest messages beyond 10 messages"),
        ({"max_bytes": 10, "max_msgs_per_subject": 1}, "beyond 10 bytes and 1 messages of a subject"),
        ({"max_age": 60_000_000_000}, "drops messages after 60 s"),
        ({"no_ack": True}, "does not acknowledge"),
        ({"sealed": True}, "takes nothing"),
    ],
)
def test_ways_to_lose_messages_are_named(config: dict[str, Any], text: str) -> None:
    (fault,) = stream_faults(info(**config))
    assert text in str(fault)


@pytest.mark.parametrize("config", [{}, {"max_msgs": 5, "discard": "new"}, {"max_msgs": 5, "retention": "workqueue"}])
def test_a_stream_that_refuses_or_keeps_is_fine(config: dict[str, Any]) -> None:
    assert not stream_faults(info(**config))
