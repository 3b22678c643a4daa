"""What a host application knows of one edge node: its births, their aliases, and where its sequence is. Pure.

The rules are those of Sparkplug 3.0, chapters 5 and 6. `now` is unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from tundish.errors import Invalid
from tundish_connectors.sparkplug.hosting.heard import Entry, Gap, Heard, Unreadable
from tundish_connectors.sparkplug.payload.datatypes import DataType
from tundish_connectors.sparkplug.payload.decoding import decode
from tundish_connectors.sparkplug.payload.metrics import Message, Metric
from tundish_connectors.sparkplug.topics import Address, Kind

_SEQUENCE = 256
_BD_SEQ = "bdSeq"

Presence = Literal["unknown", "online", "offline"]


@dataclass
class _Member:
    """The edge node itself, or one of its devices, since its birth."""

    metrics: dict[str, Metric] = field(default_factory=dict)
    """The present value of each metric under its name."""


@dataclass(frozen=True, slots=True)
class _Early:
    kind: Kind
    address: Address
    body: bytes


class EdgeNode:
    """One edge node. Every method gives the entries that follow, in order."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.presence: Presence = "unknown"
        self.wants_birth = ""
        """Why it should be asked for its births again; empty where nothing is missing."""
        self.seen = 0.0
        self._bd_seq: int | None = None
        self._next: int | None = None
        self._members: dict[str, _Member] = {}
        self._aliases: dict[int, tuple[str, str]] = {}
        self._early: dict[int, _Early] = {}
        self._early_since = 0.0
        self._gap_told = False

    def take(self, kind: Kind, address: Address, body: bytes, now: float) -> Iterator[Entry]:
        """A message as it came."""
        message = self._read(kind, address, body)
        if message is None:
            self.wants_birth = self.wants_birth or "a message could not be read"
            yield Unreadable(kind, address, body)
            return
        if kind == "NBIRTH":
            yield self._born(message)
        elif kind == "NDEATH":
            yield from self._died(message)
        elif self.presence != "online":
            yield from self._without_birth(kind, address, message, now)
        elif message.seq is None or message.seq == self._next:
            yield from self._in_order(kind, address, message, now)
            yield from self._followers(now)
        elif message.seq not in self._early:
            self._early_since = self._early_since if self._early else now
            self._early[message.seq] = _Early(kind, address, body)
        self.seen = now

    def tick(self, now: float, patience: float) -> Iterator[Entry]:
        """Give up on what did not come within `patience` seconds, and take what came instead of it."""
        if not self._early or now - self._early_since < patience or self._next is None:
            return
        expected = self._next
        order = sorted(self._early, key=lambda seq: (seq - expected) % _SEQUENCE)
        self.wants_birth = f"number {expected} of its messages did not come"
        yield Gap(self.address, self.wants_birth, self.seen, now, expected, order[0])
        for seq in order:
            early = self._early.pop(seq)
            message = self._read(early.kind, early.address, early.body)
            if message is not None:
                yield from self._in_order(early.kind, early.address, message, now)

    def forget(self, reason: str, now: float) -> Iterator[Entry]:
        """Nobody listened for a while: what it said meanwhile is missing, and its aliases may mean something else."""
        if self.presence == "online":
            yield Gap(self.address, reason, self.seen, now)
        self.presence, self.wants_birth, self._gap_told = "unknown", reason, True
        self._members.clear()
        self._aliases.clear()
        self._early.clear()

    def _read(self, kind: Kind, address: Address, body: bytes) -> Message | None:
        member = self._members.get(address.device)

        def born(name: str, alias: int | None) -> tuple[str, int]:
            if not name and alias is not None:
                device, name = self._aliases.get(alias, ("", ""))
                # An alias of somebody else is a mistake of the edge node, and means nothing here.
                name = name if device == address.device else ""
            known = None if member is None else member.metrics.get(name)
            return name, DataType.Unknown if known is None else known.datatype

        try:
            return decode(body) if kind.endswith("BIRTH") else decode(body, born)
        except Invalid:
            return None

    def _born(self, message: Message) -> Heard:
        self.presence, self.wants_birth, self._gap_told = "online", "", False
        self._members.clear()
        self._aliases.clear()
        self._early.clear()
        self._bd_seq = message.number(_BD_SEQ)
        self._next = None if message.seq is None else (message.seq + 1) % _SEQUENCE
        self._enter("", message)
        return Heard("NBIRTH", self.address, message.metrics, message.timestamp, message.seq)

    def _enter(self, device: str, message: Message) -> None:
        """Remember what a birth gave; the aliases of an earlier one mean nothing any more."""
        self._aliases = {alias: owner for alias, owner in self._aliases.items() if owner[0] != device}
        self._members[device] = _Member({metric.name: metric for metric in message.metrics})
        for metric in message.metrics:
            if metric.alias is not None:
                self._aliases[metric.alias] = (device, metric.name)

    def _died(self, message: Message) -> Iterator[Entry]:
        said = message.number(_BD_SEQ)
        if self.presence == "online" and None not in {said, self._bd_seq} and said != self._bd_seq:
            # The will of an earlier connection, which the broker published late (3.0, section 6.4.21).
            return
        reached, self.presence = self.presence, "offline"
        self.wants_birth = ""
        self._early.clear()
        own = self._members.pop("", _Member())
        yield Heard("NDEATH", self.address, tuple(own.metrics.values()), message.timestamp)
        if reached == "online":
            for device, member in sorted(self._members.items()):
                address = replace(self.address, device=device)
                yield Heard("DDEATH", address, tuple(member.metrics.values()), message.timestamp, because="NDEATH")
        self._members.clear()
        self._aliases.clear()

    def _without_birth(self, kind: Kind, address: Address, message: Message, now: float) -> Iterator[Entry]:
        """What says its names and types is of use all the same."""
        self.wants_birth = self.wants_birth or "no birth of it was seen"
        if not self._gap_told:
            self._gap_told = True
            yield Gap(self.address, self.wants_birth, self.seen or now, now)
        known = tuple(metric for metric in message.metrics if metric.name and metric.datatype)
        if known:
            yield Heard(kind, address, known, message.timestamp, message.seq)

    def _followers(self, now: float) -> Iterator[Entry]:
        """What came too early and has its turn now."""
        while self._next is not None and (early := self._early.pop(self._next, None)) is not None:
            message = self._read(early.kind, early.address, early.body)
            if message is None:
                return
            yield from self._in_order(early.kind, early.address, message, now)
        self._early_since = now

    def _in_order(self, kind: Kind, address: Address, message: Message, now: float) -> Iterator[Entry]:
        if message.seq is not None:
            self._next = (message.seq + 1) % _SEQUENCE
        if kind == "DBIRTH":
            self._enter(address.device, message)
            yield Heard(kind, address, message.metrics, message.timestamp, message.seq)
        elif kind == "DDEATH":
            member = self._members.pop(address.device, _Member())
            yield Heard(kind, address, tuple(member.metrics.values()), message.timestamp, message.seq)
        else:
            yield from self._data(kind, address, message, now)

    def _data(self, kind: Kind, address: Address, message: Message, now: float) -> Iterator[Entry]:
        member = self._members.get(address.device, _Member())
        found: list[Metric] = []
        unknown: list[str] = []
        lost = False
        for metric in message.metrics:
            known = metric.name in member.metrics
            if not known:
                unknown.append(metric.name or f"the alias {metric.alias}")
            if not metric.name or not metric.datatype:
                lost = True
                continue
            found.append(metric)
            if known and not metric.historical:
                member.metrics[metric.name] = metric
        if unknown:
            told, self.wants_birth = bool(self.wants_birth), f"no birth of {address} named {', '.join(unknown[:5])}"
            if lost and not told:
                yield Gap(address, self.wants_birth, now, now)
        if found or not message.metrics:
            yield Heard(kind, address, tuple(found), message.timestamp, message.seq)
