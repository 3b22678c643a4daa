"""What a broker sends to us and what we acknowledge, with as little work as possible.

paho builds a message with a lock, an object of properties even where there are none, and a search through its filters;
it asks the system for one byte, another one, and then for the rest of each packet; and it gives the system each
acknowledgement by itself. Together that was a third of what a message costs a daemon. This reads PUBLISH packets by
itself, from as many bytes as there are, acknowledges many at a time, and leaves everything else to paho. It stands on
private names of paho 2, all of them in this file; `test_mqtt_receiving.py` fails where a later paho lacks them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tundish_connectors._mqtt.properties import properties_of

_READ = 64 * 1024
"""Bytes that are asked for at once."""
_PUBACK = struct.Struct("!BBH").pack
"""Type, remaining length 2 and packet identifier: success without properties (MQTT 5.0, 3.4.2.1; 3.1.1, 3.4)."""


class Arrival(Struct, frozen=True):
    """One message from the broker."""

    topic: str
    payload: bytes
    mid: int
    """Its number in this connection; 0 for QoS 0."""
    qos: int
    retain: bool
    """The broker had kept it: it was published before we subscribed."""
    properties: Properties | None
    """What came beside the payload; None where nothing did."""


class ReceivingClient(Client):
    """paho's client, with a shorter way for what arrives. Raises what `arrived` raises out of `loop_read`."""

    arrived: Callable[[Arrival], None]
    _bytes = b""
    _at = 0

    @property
    def holds_bytes(self) -> bool:
        """Something was received that was not read yet; the socket says nothing of it."""
        return self._at < len(self._bytes)

    def acknowledge(self, mids: Sequence[int]) -> None:
        """Acknowledge these messages, in this order."""
        packets = b"".join([_PUBACK(PacketTypes.PUBACK << 4, 2, mid) for mid in mids])
        self._packet_queue(PacketTypes.PUBACK << 4, packets, mids[-1], 1)

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._at == len(self._bytes):
            self._bytes, self._at = super()._sock_recv(max(bufsize, _READ)), 0
        begin = self._at
        self._at = min(begin + bufsize, len(self._bytes))
        return self._bytes[begin : self._at]

    def _handle_publish(self) -> MQTTErrorCode:
        packet: Any = self._in_packet
        header, content = packet["command"], packet["packet"]
        qos = (header & 0x06) >> 1
        if qos > 1:
            # We never subscribe with QoS 2, so no broker may send it (MQTT 5.0, 3.8.4).
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        has_properties = self._protocol == MQTTProtocolVersion.MQTTv5
        self.arrived(read_publish(header, qos, bytes(content), has_properties=has_properties))
        return MQTTErrorCode.MQTT_ERR_SUCCESS


def read_publish(header: int, qos: int, content: bytes, *, has_properties: bool) -> Arrival:
    """A PUBLISH packet behind its fixed header (MQTT 5.0, 3.3). Raises ValueError for one that is cut short.

    A topic that is no UTF-8 is kept with replacement characters: the message counts more than its name.
    """
    behind = 2 + int.from_bytes(content[:2], "big")
    topic = content[2:behind].decode(errors="replace")
    mid = 0
    if qos:
        mid = int.from_bytes(content[behind : behind + 2], "big")
        behind += 2
    properties = None
    if has_properties:
        if len(content) <= behind:
            raise ValueError("the broker sent a message that ends before its properties")
        if content[behind]:
            properties = properties_of(PacketTypes.PUBLISH)
            _, size = properties.unpack(content[behind:])  # type: ignore[no-untyped-call] # paho declares no types here
            behind += size
        else:
            behind += 1
    if len(content) < behind:
        raise ValueError("the broker sent a message that is cut short")
    return Arrival(topic, content[behind:], mid, qos, bool(header & 1), properties)
