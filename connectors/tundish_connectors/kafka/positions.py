"""How far the journal is in each partition of a topic, and what the topic discarded before it got there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from tundish.sdk import record_gap

_encode = msgspec.json.Encoder().encode
"""Every record has a position of its own, so it has to be quick."""


@dataclass(frozen=True, slots=True)
class Positions:
    """The next record of each partition."""

    topic: str
    following: Mapping[int, int]
    """By partition: the offset behind the last record that is on disk."""

    def cursor(self) -> bytes:
        """As the journal keeps it."""
        return _encode({"topic": self.topic, "next": self.following})


def positions_of(cursor: bytes | None, topic: str) -> Mapping[int, int]:
    """What the journal kept of this topic; nothing before the first record, and where it is of another kind."""
    if cursor is None:
        return {}
    try:
        kept = json.loads(cursor)
        return {int(name): int(offset) for name, offset in kept["next"].items()} if kept["topic"] == topic else {}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


@dataclass(frozen=True, slots=True)
class Gap:
    """Records that a partition does not have any more, and that never came."""

    topic: str
    partition: int
    first: int
    last: int | None
    """Offsets; None where it is not known how many there were."""
    reason: str


def begin(topic: str, partition: int, wanted: int, earliest: int, latest: int) -> tuple[int, Gap | None]:
    """Where reading really begins, where `wanted` comes from the journal; and what is missing.

    A position beyond the end belongs to a topic that was made anew, or to records that a broker has lost. Nobody knows
    which of the records that are there were read: they are read again, rather than lost.
    """
    if wanted < earliest:
        return earliest, Gap(topic, partition, wanted, earliest - 1, "the topic discarded them before they were read")
    if wanted > latest:
        reason = "the topic was made anew, or its brokers lost records; it is read from its beginning"
        return earliest, Gap(topic, partition, latest, None, reason)
    return wanted, None


def record(folder: Path, gap: Gap, now: datetime) -> None:
    """Keep a gap for good: one JSON object per line in `gaps.jsonl`. It blocks, for a very short time."""
    record_gap(folder, {**asdict(gap), "noticed": now.isoformat(timespec="seconds")})
