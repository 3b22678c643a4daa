"""A shop floor: mosquitto behind a tap, a machine on the broker itself, and components under test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from tests.conformance.brokers import MOSQUITTO, Mosquitto
from tests.conformance.machine import Machine
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import Stand, Workbench, workbench
from tests.conformance.tap import Tap
from tundish.sdk import connector

SPEC = connector("mqtt")
NEEDS_MOSQUITTO = pytest.mark.skipif(
    MOSQUITTO is None, reason="mosquitto is not installed (Debian: apt-get install mosquitto)"
)


class Floor:
    """A broker behind a tap, and a machine that is connected to the broker itself."""

    def __init__(self, folder: Path, bench: Workbench, options: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.bench = bench
        self.broker = Mosquitto(folder, options)
        self.tap = Tap(free_port(), self.broker.port)
        self.machine = Machine(self.broker.port, "machine", version=MQTTProtocolVersion.MQTTv5)

    def connection(self, **settings: object) -> dict[str, object]:
        """Through the tap."""
        base = {"broker": LOOPBACK, "port": self.tap.port, "keepalive": "1s", "connect_timeout": "3s"}
        return {**base, **settings}

    def source(self, connection: dict[str, object] | None = None, route: str = "in", **settings: object) -> Stand:
        """A source of everything below `in`."""
        return self.bench.stand(
            SPEC, SPEC.source, connection or self.connection(), {"topic": "in/+", **settings}, route
        )

    def destination(self, connection: dict[str, object] | None = None, **settings: object) -> Stand:
        """A destination for the field `topic`."""
        base = {"topic": "{{ topic }}", "timeout": "2s"}
        return self.bench.stand(SPEC, SPEC.destination, connection or self.connection(), {**base, **settings}, "out")


@asynccontextmanager
async def shop_floor(folder: Path, options: dict[str, str] | None = None) -> AsyncIterator[Floor]:
    """Broker and tap are up; the machine is not connected yet."""
    async with workbench(folder / "data") as bench:
        found = Floor(folder, bench, options)
        await found.broker.start()
        await found.tap.start()
        try:
            yield found
        finally:
            await bench.close()
            await found.tap.stop()
            await found.broker.stop()
