"""Ourselves as an edge node: what we publish, in which order, under which numbers (3.0, chapters 5 and 6). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tundish_connectors.sparkplug.hosting.host import REBIRTH
from tundish_connectors.sparkplug.payload.datatypes import DataType
from tundish_connectors.sparkplug.payload.encoding import encode
from tundish_connectors.sparkplug.payload.metrics import Message, Metric
from tundish_connectors.sparkplug.topics import Address, topic_of

_SEQUENCE = 256
_BD_SEQ = "bdSeq"


@dataclass(frozen=True, slots=True)
class Publication:
    """One message to be published."""

    topic: str
    payload: bytes
    seq: int | None = None


def death_of(address: Address, bd_seq: int, now: int) -> Publication:
    """The death that belongs to a birth; it has no sequence number."""
    metric = Metric(_BD_SEQ, DataType.Int64, bd_seq, timestamp=now)
    return Publication(topic_of("NDEATH", address), encode(Message((metric,), now)))


class OwnNode:
    """The state of one connection, from its birth on. Times are unix milliseconds."""

    def __init__(self, address: Address, types: Mapping[str, DataType], *, of_devices: bool, aliases: bool) -> None:
        """`types`: of every metric; with `of_devices` they belong to the devices, else to the edge node itself."""
        self.address = address
        self.bd_seq = 0
        self.born_at = 0
        self._types = types
        self._of_devices = of_devices
        self._with_aliases = aliases
        self._seq = 0
        self._members: dict[str, dict[str, Metric]] = {}
        if not of_devices:
            self._members[""] = self._unborn("")

    def births(self, now: int) -> Iterator[Publication]:
        """Everything that we know, from sequence number 0 on."""
        self._seq, self.born_at = 0, now
        control = (
            Metric(_BD_SEQ, DataType.Int64, self.bd_seq, timestamp=now),
            Metric(REBIRTH, DataType.Boolean, value=False, timestamp=now),
        )
        own = self._members.get("", {})
        yield self._publication("NBIRTH", self.address, (*control, *own.values()), now)
        for device in sorted(self._members):
            if device:
                yield self._birth_of(device, now)

    def data(self, device: str, values: tuple[Metric, ...], now: int) -> Iterator[Publication]:
        """New values; a device that was never spoken of is born first. Raises Invalid, and then nothing has changed."""
        address = replace(self.address, device=device)
        # Whether they fit their types is seen before anything is published.
        encode(Message(values))
        if device not in self._members:
            self._members[device] = self._unborn(device)
            yield self._birth_of(device, now)
        known = self._members[device]
        sent = []
        for value in values:
            born = known[value.name]
            late = value.timestamp is not None and value.timestamp < self.born_at
            sent.append(
                replace(value, alias=born.alias, historical=late, name="" if self._with_aliases else value.name)
            )
            if (value.timestamp or 0) >= (born.timestamp or 0):
                known[value.name] = replace(value, alias=born.alias)
        yield self._publication("DDATA" if device else "NDATA", address, tuple(sent), now)

    def _birth_of(self, device: str, now: int) -> Publication:
        address = replace(self.address, device=device)
        return self._publication("DBIRTH", address, tuple(self._members[device].values()), now)

    def _unborn(self, device: str) -> dict[str, Metric]:
        """The metrics of the edge node or a device before the first message: they exist, and are null."""
        first = sum(len(metrics) for metrics in self._members.values())
        return {
            name: Metric(name, datatype, alias=first + index if self._with_aliases else None)
            for index, (name, datatype) in enumerate(self._types.items())
        }

    def _publication(self, kind: str, address: Address, metrics: tuple[Metric, ...], now: int) -> Publication:
        seq, self._seq = self._seq, (self._seq + 1) % _SEQUENCE
        dated = tuple(each if each.timestamp is not None else replace(each, timestamp=now) for each in metrics)
        return Publication(topic_of(kind, address), encode(Message(dated, now, seq)), seq)
