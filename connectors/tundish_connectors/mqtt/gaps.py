"""Notices when the broker forgot us: what was published meanwhile never comes, and someone must know."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tundish.faults import Fault
from tundish.model import Record, Unit
from tundish.sdk import record_gap


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the broker keeps for us, and when it was last known to."""

    topic: str
    qos: int
    seen: str
    """RFC 3339."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time from which messages are missing."""

    topic: str
    since: str
    until: str


class SubscriptionMemory:
    """Remembers the subscription over restarts, in a folder of ours. All of it blocks, for a very short time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "subscription.json"
        self._folder = folder

    def recall(self) -> Subscription | None:
        """What was remembered; None before the first time, and where the file is damaged."""
        try:
            return Subscription(**json.loads(self._file.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def remember(self, topic: str, qos: int, now: datetime) -> None:
        """Note that the broker keeps this subscription now."""
        text = json.dumps(asdict(Subscription(topic, qos, now.isoformat(timespec="seconds"))))
        unfinished = self._file.with_suffix(".part")
        unfinished.write_text(text, "utf-8")
        unfinished.replace(self._file)

    def record(self, gap: Gap) -> None:
        """Keep a gap for good: one JSON object per line in `gaps.jsonl`."""
        record_gap(self._folder, asdict(gap))


def gap_unit(gap: Gap) -> Unit:
    """A gap as a message; its name makes it the same one at every attempt."""
    meta: Record = {"gap": True, "topic": gap.topic, "levels": {}, "qos": 1, "retain": False, "properties": {}}
    body = json.dumps({"gap": asdict(gap)}).encode()
    return Unit(body=body, received=datetime.now(UTC), meta=meta, name=f"gap {gap.topic} {gap.since} {gap.until}")


def gap_fault(gap: Gap) -> Fault:
    """A gap as something to be mended."""
    text = f"the broker forgot us; what was published on {gap.topic} since {gap.since} may be missing"
    cure = "let publishers repeat it; let the broker keep sessions over its restarts, and raise 'session_expiry'"
    return Fault("", text, cure)
