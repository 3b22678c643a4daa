"""Sparkplug peers: an edge node that keeps its data while its primary host is offline, and whoever listens to ours.

When the host is back, the edge node says again what it said last, as careful ones do. The broker is mosquitto. The edge
node publishes with QoS 1, as some do, so that the tests see what is acknowledged.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import msgspec

from tests.conformance.brokers import MqttBroker, some_broker
from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tests.conformance.machine import Machine
from tests.conformance.ports import free_port
from tests.conformance.proxy import Proxy
from tests.conformance.tap import Tap
from tundish.model import Unit
from tundish_connectors.sparkplug.payload.datatypes import DataType
from tundish_connectors.sparkplug.payload.decoding import decode
from tundish_connectors.sparkplug.payload.encoding import encode
from tundish_connectors.sparkplug.payload.metrics import Message, Metric
from tundish_connectors.sparkplug.state import HostState, read_state

_HOST = "spBv1.0/STATE/tundish"
_DATA = "spBv1.0/plant/DDATA/edge/press"


class Published(Produced):
    """A message of the edge node."""

    def __init__(self, tap: Tap, payload: bytes) -> None:
        self._tap = tap
        self._payload = payload

    @property
    def is_acknowledged(self) -> bool:
        """The acknowledgement passed the tap."""
        return self._payload in self._tap.acknowledged


class Harness(PeerHarness):
    """The connector goes through the tap; everybody else speaks to the broker itself."""

    waived: ClassVar[Mapping[str, str]] = {
        "test_brings_again_what_was_not_accepted": "Sparkplug wants a clean start: the broker keeps nothing for a host",
        "test_delivers_the_very_bytes_in_order": "metrics carry typed values; the bytes of a body never travel",
    }
    may_vanish: ClassVar[str] = "Sparkplug has no acknowledgement of data: what the network has taken is delivered"
    meta: ClassVar[frozenset[str]] = frozenset({"kind", "group", "edge_node", "device", "topic"})

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._broker: MqttBroker = some_broker(folder)
        self._tap = Tap(free_port(), self._broker.port, protocol=self._broker.protocol)
        self._edge: Machine | None = None
        self._listener: Machine | None = None
        self._heard: list[bytes] = []
        self._kept: deque[bytes] = deque()
        self._sent: deque[bytes] = deque(maxlen=1000)
        self._seq = 0
        self._publishing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Broker, tap, an edge node and a listener."""
        await self._broker.start()
        await self._tap.start()
        if self._edge is None:
            self._edge = Machine(self._broker.port, "edge")
            await self._edge.connect(_HOST)
            self._listener = Machine(self._broker.port, "listener")
            await self._listener.connect("spBv1.0/plant/DDATA/ours/#")
            self._publishing = asyncio.create_task(self._publish_what_is_kept(self._edge))  # noqa: TID251 - a peer's own

    async def stop(self) -> None:
        """All of them are gone; what the edge node keeps is published later."""
        if self._publishing is not None:
            self._publishing.cancel()
            await asyncio.wait([self._publishing])
            self._publishing = None
        if self._listener is not None:
            self._heard += [bytes(message.payload) for message in self._listener.received]
        for machine in (self._edge, self._listener):
            if machine is not None:
                await machine.disconnect()
        self._edge = self._listener = None
        await self._tap.stop()
        await self._broker.stop()

    def connection(self, role: Role) -> Mapping[str, object]:
        """The tap; only listeners are a host application."""
        known = {"host_id": "tundish"} if role == "source" else {}
        return {
            **known,
            "broker": "127.0.0.1",
            "port": self._tap.port,
            "protocol": self._broker.protocol,
            "keepalive": "1s",
            "connect_timeout": "2s",
        }

    def line(self, role: Role) -> Proxy:
        """The tap."""
        return self._tap

    def patience(self, seconds: int) -> Mapping[str, object]:
        """It asks after so much silence."""
        return {"keepalive": f"{seconds}s", "connect_timeout": f"{seconds}s"}

    def settings(self, role: Role) -> Mapping[str, object]:
        """Data in, and the identifier of a message out."""
        if role == "destination":
            return {"group": "plant", "edge_node": "ours", "device": "line", "metrics": {"id": "String"}}
        return {"kinds": ["DDATA"], "group": "plant", "edge_node": "edge"}

    @property
    def _host_state(self) -> HostState | None:
        if self._edge is None or not self._edge.received:
            return None
        return read_state(bytes(self._edge.received[-1].payload))

    async def produce(self, body: bytes) -> Produced:
        """Publish as soon as the host is online."""
        self._seq = (self._seq + 1) % 256
        now = int(time.time() * 1000)
        metric = Metric("body", DataType.String, body.decode(), timestamp=now)
        self._kept.append(encode(Message((metric,), now, self._seq)))
        return Published(self._tap, self._kept[-1])

    async def _publish_what_is_kept(self, edge: Machine) -> None:
        online = 0
        while True:
            state = self._host_state
            if state is None or not state.online:
                await asyncio.sleep(0.002)
                continue
            if state.timestamp != online:
                # What was said shortly before the host went away may not have reached it.
                online = state.timestamp
                self._kept.extendleft(reversed([each for each in self._sent if each not in self._tap.acknowledged]))
                self._sent.clear()
            if self._kept:
                await edge.publish(_DATA, self._kept[0])
                self._sent.append(self._kept.popleft())
            else:
                await asyncio.sleep(0.002)

    def body_of(self, unit: Unit) -> bytes:
        """The value of the metric."""
        assert isinstance(unit.body, bytes)
        text = msgspec.json.decode(unit.body)["values"]["body"]
        assert isinstance(text, str)
        return text.encode()

    async def collected(self) -> list[bytes]:
        """The body that a test gave to the message whose identifier arrived."""
        here = [] if self._listener is None else [bytes(message.payload) for message in self._listener.received]
        found = []
        for payload in [*self._heard, *here]:
            number = int(str(decode(payload).metrics[0].value).removeprefix("m"))
            found.append(b'{"n": %d}' % number)
        return found
