"""What the host application hands over to routes, as data. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tundish.model import Record, Value
from tundish_connectors.sparkplug.payload.datatypes import moment
from tundish_connectors.sparkplug.payload.metrics import Metric
from tundish_connectors.sparkplug.topics import Address, Kind


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of an edge node, its metrics under their names."""

    kind: Kind
    address: Address
    metrics: tuple[Metric, ...]
    timestamp: int | None = None
    seq: int | None = None
    because: str = ""
    """Why a device is dead although nobody said so about the device itself."""

    def record(self) -> Record:
        """`values` holds the present value of each metric under its name: what most mappings need."""
        stale = self.kind in {"NDEATH", "DDEATH"}
        present = {} if stale else {each.name: each.value for each in self.metrics if not each.historical}
        found: Record = {
            "kind": self.kind,
            **_sender(self.address),
            "timestamp": None if self.timestamp is None else moment(self.timestamp),
            "seq": self.seq,
            "values": present,
            "metrics": [each.record(stale=stale) for each in self.metrics],
        }
        if self.because:
            found["because"] = self.because
        return found


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages of an edge node are missing; QoS 0 allows that, and someone must know."""

    address: Address
    reason: str
    since: float
    """Unix seconds; the last message before the gap, or when we were last there."""
    until: float
    expected: int | None = None
    """The sequence number that did not come."""
    received: int | None = None
    """The one that came instead."""

    kind = "GAP"

    def record(self) -> Record:
        """Has the same fields as a message, so that one mapping can read both."""
        return {
            "kind": "GAP",
            **_sender(self.address),
            "reason": self.reason,
            "since": moment(int(self.since * 1000)),
            "until": moment(int(self.until * 1000)),
            "expected": self.expected,
            "received": self.received,
            "values": {},
            "metrics": [],
        }


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A payload that is none; the bytes are kept, and become a dead letter of the route."""

    kind: Kind
    address: Address
    body: bytes


Entry: TypeAlias = Heard | Gap | Unreadable


def _sender(address: Address) -> dict[str, Value]:
    return {"group": address.group, "edge_node": address.edge_node, "device": address.device or None}
