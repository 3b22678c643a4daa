"""The fault proxy in front of an MQTT broker; it counts the packets of both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tests.conformance.proxy import Proxy, Watch

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 4, 8, 12, 14
"""Packet types (MQTT 5.0, 2.1.2)."""


class Packets:
    """Cuts a stream of bytes into packets, counts them by type, and shows each to whoever wants it."""

    def __init__(self, counts: Counter[int], show: Callable[[int, bytes], None]) -> None:
        """`show` gets the first byte of a packet, and what follows its length."""
        self._counts = counts
        self._show = show
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Bytes as they come."""
        self._rest += data
        while (size := self._size()) is not None and sum(size) <= len(self._rest):
            header, length = size
            self._counts[self._rest[0] >> 4] += 1
            self._show(self._rest[0], self._rest[header : header + length])
            self._rest = self._rest[header + length :]

    def _size(self) -> tuple[int, int] | None:
        """Bytes of the first packet's fixed header and of what follows, once they are known."""
        found = _variable_length(self._rest[1:5])
        return None if found is None else (1 + found[0], found[1])


def _variable_length(data: bytes) -> tuple[int, int] | None:
    """A variable byte integer: how many bytes it has, and its value (MQTT 5.0, 1.5.5)."""
    value = 0
    for index, byte in enumerate(data):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return index + 1, value
    return None


class Tap(Proxy):
    """Counts the packets that pass, and knows which bodies were acknowledged."""

    def __init__(self, port: int, upstream: int, *, protocol: str = "5") -> None:
        """`protocol` is the version of MQTT that is spoken, as the connector's setting says it."""
        super().__init__(port, upstream)
        self._protocol = protocol
        self.client: Counter[int] = Counter()
        """How many packets of each type the client sent."""
        self.broker: Counter[int] = Counter()
        """How many packets of each type the broker sent."""
        self.acknowledged: set[bytes] = set()
        """Bodies of the messages with QoS 1 for which the client sent a PUBACK."""

    def watchers(self) -> tuple[Watch, Watch]:
        """One for each direction; packet identifiers mean something within their connection alone."""
        unacknowledged: dict[bytes, bytes] = {}

        def of_client(first: int, packet: bytes) -> None:
            if first >> 4 == PUBACK and packet[:2] in unacknowledged:
                self.acknowledged.add(unacknowledged.pop(packet[:2]))

        def of_broker(first: int, packet: bytes) -> None:
            if first >> 4 == PUBLISH and first & 0x06:
                after_topic = 2 + int.from_bytes(packet[:2], "big")
                unacknowledged[packet[after_topic : after_topic + 2]] = self._body(packet[after_topic + 2 :])

        return Packets(self.client, of_client).feed, Packets(self.broker, of_broker).feed

    def _body(self, rest: bytes) -> bytes:
        """What follows the packet identifier, without the properties that MQTT 5 has before the body."""
        properties = _variable_length(rest[:4]) if self._protocol == "5" else None
        return rest[sum(properties) :] if properties is not None else rest
