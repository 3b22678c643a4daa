"""Where the journal is in a stream, and what the stream discarded before it got there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from tundish.sdk import record_gap

_encode = msgspec.json.Encoder().encode
"""Every message has a position of its own, so it has to be quick."""


@dataclass(frozen=True, slots=True)
class Position:
    """The last message of a stream that is on disk."""

    stream: str
    created: str
    """When the stream was made; another one of the same name begins again at 1."""
    sequence: int

    def cursor(self) -> bytes:
        """As the journal keeps it."""
        return _encode(self)


def position_of(cursor: bytes | None) -> Position | None:
    """What the journal kept; None before the first message, and where it is of another kind."""
    if cursor is None:
        return None
    try:
        found = Position(**json.loads(cursor))
    except (ValueError, TypeError):
        return None
    return found if isinstance(found.sequence, int) else None


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages that the stream does not have any more, and that never came."""

    stream: str
    first: int
    last: int
    """Sequence numbers; 0 where it is not known how many there were."""
    reason: str


def gap_before(position: Position | None, stream: str, created: str, first: int) -> Gap | None:
    """What is missing between the journal and the first message that the stream still has."""
    if position is None or position.stream != stream:
        return None
    if position.created != created:
        return Gap(stream, position.sequence + 1, 0, "the stream was made anew, and what was in the old one is gone")
    if first > position.sequence + 1:
        return Gap(stream, position.sequence + 1, first - 1, "the stream discarded them before they were read")
    return None


def record(folder: Path, gap: Gap, now: datetime) -> None:
    """One JSON object per line in `gaps.jsonl`. It blocks, for a very short time."""
    record_gap(folder, {**asdict(gap), "noticed": now.isoformat(timespec="seconds")})
