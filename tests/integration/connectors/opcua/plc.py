"""A controller's server with a connector on it, for the tests of this folder."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.conformance.opcua_peers import NodeOpcUa
from tests.conformance.stand import RecordingIntake, Stand, Workbench, until, workbench
from tundish.model import Unit
from tundish.sdk import connector

Record = dict[str, Any]


class Plc:
    """node-opcua and a workbench; `settings` are those of the source."""

    def __init__(self, folder: Path, bench: Workbench, server: NodeOpcUa) -> None:
        self.folder = folder
        self.bench = bench
        self.server = server

    def connection(self, **settings: object) -> dict[str, object]:
        """Without encryption; most tests need no structures, and reading them takes its time."""
        fast = {"security": "none", "keepalive": "1s", "structures": False}
        return {"endpoint": self.server.endpoint, **fast, **settings}

    def source(
        self, nodes: Sequence[object] | None = None, connection: dict[str, object] | None = None, **settings: object
    ) -> Stand:
        """A source, not open yet."""
        spec = connector("opcua")
        wanted: dict[str, object] = {"publishing_interval": "50ms", "sampling": "0s", **settings}
        if nodes is not None:
            wanted["nodes"] = nodes
        return self.bench.stand(spec, spec.source, connection or self.connection(), wanted)

    def destination(self, **settings: object) -> Stand:
        """A destination, not open yet."""
        spec = connector("opcua")
        there = self.connection(structures="Batch" in str(settings))
        return self.bench.stand(spec, spec.destination, there, settings, route="out")

    def lookup(self, **nodes: str) -> Stand:
        """A lookup, not open yet."""
        spec = connector("opcua")
        there = self.connection(structures="Batch" in str(nodes))
        return self.bench.stand(spec, spec.lookup, there, {"nodes": nodes}, route="look")


@asynccontextmanager
async def plc(folder: Path, **options: Any) -> AsyncIterator[Plc]:
    """A running server."""
    peer = folder / "peer"
    peer.mkdir(exist_ok=True)
    server = NodeOpcUa(peer, sampling=0, **options)
    try:
        await server.start()
        async with workbench(folder / "data") as bench:
            yield Plc(folder, bench, server)
    finally:
        await server.leave()


def lines(unit: Unit) -> list[Record]:
    """The records of a unit."""
    assert isinstance(unit.body, bytes)
    return [json.loads(line) for line in unit.body.splitlines()]


def records(intake: RecordingIntake, kind: str = "value", name: str = "") -> list[Record]:
    """The records that were accepted, of one kind and name."""
    found = [record for unit in intake.accepted for record in lines(unit)]
    return [record for record in found if record["kind"] == kind and name in {"", record.get("name")}]


def values(intake: RecordingIntake, name: str = "") -> list[Any]:
    """The values that were accepted."""
    return [record["value"] for record in records(intake, name=name)]


async def received(intake: RecordingIntake, count: int, name: str = "", within: float = 10) -> list[Any]:
    """The values, once there are so many."""
    await until(
        lambda: len(values(intake, name)) >= count, lambda: f"{len(values(intake, name))} of {count}", within=within
    )
    return values(intake, name)


async def again(stand: Stand, intake: RecordingIntake) -> None:
    """Open a source once more; its cursor is that of the last unit that was accepted."""
    if intake.accepted:
        intake.position = intake.accepted[-1].cursor
    await stand.open_when_possible()
    stand.run(intake)
