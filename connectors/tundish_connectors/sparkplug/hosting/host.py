"""A host application: all edge nodes that it hears of, and which of them it asks for their births. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tundish_connectors.sparkplug.hosting.edge_node import EdgeNode
from tundish_connectors.sparkplug.hosting.heard import Entry, Gap
from tundish_connectors.sparkplug.payload.datatypes import DataType
from tundish_connectors.sparkplug.payload.encoding import encode
from tundish_connectors.sparkplug.payload.metrics import Message, Metric
from tundish_connectors.sparkplug.topics import Address, Kind

REBIRTH = "Node Control/Rebirth"


def rebirth_command(now: float) -> bytes:
    """The command that lets an edge node publish its births again."""
    at = int(now * 1000)
    return encode(Message((Metric(REBIRTH, DataType.Boolean, value=True, timestamp=at),), at))


class Host:
    """Knows the edge nodes of one connection. `now` is unix seconds."""

    def __init__(self, *, patience: float, rebirth_every: float) -> None:
        """`patience`: how long a message may be late; `rebirth_every`: the least time between two requests."""
        self._patience = patience
        self._rebirth_every = rebirth_every
        self._nodes: dict[tuple[str, str], EdgeNode] = {}
        self._asked: dict[tuple[str, str], float] = {}

    def take(self, kind: Kind, address: Address, body: bytes, now: float) -> list[Entry]:
        """What follows from a message."""
        return list(self._node(address).take(kind, address, body, now))

    def tick(self, now: float) -> list[Entry]:
        """What follows from the time that has passed."""
        return [entry for node in self._nodes.values() for entry in node.tick(now, self._patience)]

    def was_away(self, reason: str, now: float) -> list[Entry]:
        """Nobody listened for a while."""
        return [entry for node in self._nodes.values() for entry in node.forget(reason, now)]

    def recall(self, seen: Mapping[Address, float], reason: str, now: float) -> Iterator[Entry]:
        """Edge nodes that were online in an earlier life of the daemon."""
        for address, at in seen.items():
            if (address.group, address.edge_node) in self._nodes:
                continue
            list(self._node(address).forget(reason, now))
            yield Gap(address, reason, at, now)

    def online(self) -> dict[Address, float]:
        """Who is online, and when it was last heard."""
        return {node.address: node.seen for node in self._nodes.values() if node.presence == "online"}

    def rebirths(self, now: float) -> Iterable[tuple[Address, str]]:
        """Whom to ask for their births now, and why; nobody is asked too often."""
        for key, node in self._nodes.items():
            if node.wants_birth and now - self._asked.get(key, -self._rebirth_every) >= self._rebirth_every:
                self._asked[key] = now
                yield node.address, node.wants_birth

    def _node(self, address: Address) -> EdgeNode:
        key = (address.group, address.edge_node)
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = EdgeNode(Address(*key))
        return found
