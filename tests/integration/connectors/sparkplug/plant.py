"""A plant that speaks Sparkplug: mosquitto behind a tap, edge nodes and a host application made of npm's libraries."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conformance.brokers import MOSQUITTO, Mosquitto
from tests.conformance.machine import Machine
from tests.conformance.node_peers import NodePeer, missing
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import RecordingIntake, Stand, Workbench, until, workbench
from tests.conformance.tap import Tap
from tundish.sdk import connector
from tundish_connectors.sparkplug.connection import SparkplugConnection
from tundish_connectors.sparkplug.state import HostState, read_state

SPEC = connector("sparkplug")
_ABSENT = missing("mqtt", "sparkplug-client", "sparkplug-payload")
NEEDS_PEERS = [
    pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed (Debian: apt-get install mosquitto)"),
    pytest.mark.skipif(bool(_ABSENT), reason=_ABSENT),
]

TEMPERATURE = {"name": "temperature", "type": "Double", "value": 20.5}
STATE = {"name": "state", "type": "String", "value": "idle"}


class Plant:
    """Everything that a test needs."""

    def __init__(self, folder: Path, bench: Workbench) -> None:
        self.broker = Mosquitto(folder)
        self.tap = Tap(free_port(), self.broker.port)
        self._bench = bench
        self._peers: list[NodePeer] = []
        self._machines: list[Machine] = []

    def connection(self, **settings: object) -> dict[str, object]:
        """Through the tap, as the host application `tundish`."""
        base = {"broker": LOOPBACK, "port": self.tap.port, "keepalive": "1s", "host_id": "tundish", "late": "300ms"}
        return {**base, "rebirth_every": "300ms", **settings}

    def source(self, connection: dict[str, object] | None = None, route: str = "in", **settings: object) -> Stand:
        """A route that listens."""
        return self._bench.stand(SPEC, SPEC.source, connection or self.connection(), settings, route)

    async def listener(
        self, connection: dict[str, object] | None = None, **settings: Any
    ) -> tuple[Stand, RecordingIntake]:
        """A route that hears what is said from now on."""
        source, intake = self.source(connection, **settings), RecordingIntake()
        await source.open()
        source.run(intake)
        await listening(source)
        return source, intake

    def destination(self, connection: dict[str, object] | None = None, **settings: object) -> Stand:
        """A route that publishes as an edge node."""
        base = {"group": "plant", "edge_node": "ours", "metrics": {"temperature": "Double", "count": "Int64"}}
        return self._bench.stand(
            SPEC, SPEC.destination, connection or self.connection(host_id=""), {**base, **settings}, "out"
        )

    async def edge(self, name: str = "press-shop", **births: Sequence[Mapping[str, object]]) -> NodePeer:
        """An edge node of npm, born; `node` is what it says of itself, everything else a device."""
        known = {"node": births.pop("node", []), "devices": births}
        peer = NodePeer("sparkplug_edge.js", str(self.broker.port), "plant", name, json.dumps(known))
        self._peers.append(peer)
        await peer.start()
        await peer.hear("born")
        return peer

    async def oracle(self) -> NodePeer:
        """A host application of npm that hears everything."""
        peer = NodePeer("sparkplug_host.js", str(self.broker.port))
        self._peers.append(peer)
        await peer.start()
        await peer.hear("listening")
        return peer

    async def machine(self, subscribe: str = "") -> Machine:
        """A plain client."""
        made = Machine(self.broker.port, f"machine-{len(self._machines)}")
        await made.connect(subscribe)
        self._machines.append(made)
        return made

    async def stop(self) -> None:
        """End everybody."""
        for peer in self._peers:
            await peer.stop()
        for machine in self._machines:
            await machine.disconnect()
        await self._bench.close()
        await self.tap.stop()
        await self.broker.stop()


@asynccontextmanager
async def running_plant(folder: Path) -> AsyncIterator[Plant]:
    """Broker and tap are up."""
    async with workbench(folder / "data") as bench:
        plant = Plant(folder, bench)
        await plant.broker.start()
        await plant.tap.start()
        try:
            yield plant
        finally:
            await plant.stop()


def records(intake: RecordingIntake) -> list[dict[str, Any]]:
    """What a route was handed over."""
    return [
        msgspec.json.decode(unit.body, type=dict[str, Any]) for unit in intake.accepted if isinstance(unit.body, bytes)
    ]


def kinds(intake: RecordingIntake) -> list[str]:
    """The kinds of what a route was handed over."""
    return [str(record["kind"]) for record in records(intake)]


async def heard(intake: RecordingIntake, kind: str, count: int = 1) -> list[dict[str, Any]]:
    """Records of one kind, once there are so many."""
    await until(lambda: kinds(intake).count(kind) >= count, lambda: f"{kinds(intake)}")
    return [record for record in records(intake) if record["kind"] == kind]


async def listening(stand: Stand) -> None:
    """Wait until a route hears what is said from now on: then its host application is online."""
    connection = stand.connection
    assert isinstance(connection, SparkplugConnection)
    await until(lambda: connection._said.online)


def states(machine: Machine) -> list[HostState]:
    """What a client saw of a host application."""
    found = [read_state(bytes(message.payload)) for message in machine.received]
    return [each for each in found if each is not None]
