"""What a message of a stream says about itself, and how it is acknowledged. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nats.aio.msg import Msg

from tundish.model import Record

ACKNOWLEDGED, AGAIN, WORKING = b"+ACK", b"-NAK", b"+WPI"
"""Payloads of the answers to a message: done with it, hand it out again, still at it (JetStream: acknowledgements)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the reply subject of a delivered message says."""

    stream: str
    consumer: str
    count: int
    """How often it was handed out."""
    sequence: int
    """Its place in the stream."""
    delivery: int
    """How many the consumer has handed out with it, whoever got them."""
    time: str
    """When the stream got it, RFC 3339 to the microsecond."""


def delivered(reply: str) -> Delivered | None:
    """Read a reply subject; None where it is no message of a stream.

    It has nine names, or eleven and more, with domain and account behind the second one (ADR-15).
    """
    names = reply.split(".")
    if names[:2] != ["$JS", "ACK"] or len(names) < 9:
        return None
    start = 2 if len(names) == 9 else 4
    try:
        stream, consumer, count, sequence, delivery, nanoseconds = names[start : start + 6]
        when = _EPOCH + timedelta(microseconds=int(nanoseconds) // 1000)
        return Delivered(stream, consumer, int(count), int(sequence), int(delivery), when.isoformat())
    except (ValueError, OverflowError):
        return None


def status_of(message: Msg) -> int:
    """The status of an answer that is no message, e.g. 408 where a request has ended; 0 for a message."""
    if message.reply or message.data or not message.headers:
        return 0
    text = message.headers.get("Status", "")
    return int(text) if text.isdigit() else 0


def meta_of(message: Msg, told: Delivered) -> Record:
    """`$meta` of a message."""
    return {
        "stream": told.stream,
        "subject": message.subject,
        "sequence": told.sequence,
        "timestamp": told.time,
        "redelivered": told.count > 1,
        "delivery_count": told.count,
        "headers": {str(name): str(value) for name, value in (message.headers or {}).items()},
    }
