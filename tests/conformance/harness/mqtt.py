"""MQTT peers: a broker behind a tap that sees every acknowledgement, a machine, and a subscriber."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.conformance.brokers import some_broker
from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tests.conformance.machine import Machine
from tests.conformance.ports import free_port
from tests.conformance.proxy import Proxy
from tests.conformance.tap import Tap


class Published(Produced):
    """A message that the broker has for us."""

    def __init__(self, tap: Tap, body: bytes) -> None:
        self._tap = tap
        self._body = body

    @property
    def is_acknowledged(self) -> bool:
        """Its acknowledgement passed the tap."""
        return self._body in self._tap.acknowledged


class Harness(PeerHarness):
    """The connector goes through the tap; everybody else speaks to the broker itself."""

    harmless_repeats: ClassVar[str] = "whoever subscribes with QoS 1 expects repeats"
    meta: ClassVar[frozenset[str]] = frozenset({"topic", "qos", "retain"})

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._broker = some_broker(folder)
        self._tap = Tap(free_port(), self._broker.port, protocol=self._broker.protocol)
        self._machine: Machine | None = None
        self._subscriber: Machine | None = None
        self._bodies: list[bytes] = []

    async def start(self) -> None:
        """Broker, tap, and a subscriber that was there first."""
        await self._broker.start()
        await self._tap.start()
        if self._subscriber is None:
            self._subscriber = Machine(self._broker.port, "subscriber")
            await self._subscriber.connect("out/#")
            self._machine = Machine(self._broker.port, "machine")
            await self._machine.connect()

    async def stop(self) -> None:
        """All of them are gone."""
        for machine in (self._machine, self._subscriber):
            if machine is not None:
                await machine.disconnect()
        if self._subscriber is not None:
            self._bodies += [bytes(message.payload) for message in self._subscriber.received]
        self._machine = self._subscriber = None
        await self._tap.stop()
        await self._broker.stop()

    def connection(self, role: Role) -> Mapping[str, object]:
        """The tap."""
        return {
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
        """One topic in, one out."""
        return {"topic": "out/{{ id }}", "timeout": "5s"} if role == "destination" else {"topic": "in/+"}

    async def produce(self, body: bytes) -> Produced:
        """Publish."""
        assert self._machine is not None
        await self._machine.publish("in/a", body)
        return Published(self._tap, body)

    async def collected(self) -> list[bytes]:
        """What the subscriber received."""
        here = self._subscriber.received if self._subscriber is not None else []
        return [*self._bodies, *(bytes(message.payload) for message in here)]
