"""The whole daemon between a machine and a folder, as an operator sees it; against node-opcua."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.conformance.stand import until
from tests.crash.process import Process
from tests.integration.connectors.opcua.plc import plc
from tundish.cli.terminal.ending import run

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Site:
    """Where the daemon lives."""

    project: Path
    data: Path


def project(folder: Path, endpoint: str, nodes: list[str], out: Path) -> Site:
    """A handshake, and some nodes, into one folder."""
    out.mkdir()
    there = {"endpoint": endpoint, "security": "none", "structures": False, "keepalive": "1s"}
    shake = {
        "trigger": "Objects/Line1/Trigger",
        "read": {"order": "Objects/Line1/Order"},
        "acknowledge": "Objects/Line1/Ack",
    }
    made = {
        "tundish.yaml": {"tundish": 1},
        "connections/peers.yaml": {"connections": {"plc": {"opcua": there}, "out": {"file": {"folder": str(out)}}}},
        "routes/pallets.yaml": {
            "route": "pallets",
            "from": {"opcua": {"connection": "plc", "handshake": shake, "publishing_interval": "50ms"}},
            "to": {"out": {"file": {"connection": "out", "name": "pallet-{{ values.order }}.json"}}},
        },
        "routes/values.yaml": {
            "route": "values",
            "from": {"opcua": {"connection": "plc", "nodes": nodes, "publishing_interval": "50ms", "sampling": "0s"}},
            "to": {"out": {"file": {"connection": "out", "name": "{{ name }}-{{ value }}.json"}}},
        },
    }
    site = Site(folder / "project", folder / "data")
    for name, content in made.items():
        path = site.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
    return site


async def test_a_daemon_that_is_killed_shakes_hands_once(tmp_path: Path) -> None:
    async with plc(tmp_path) as machine:
        out = tmp_path / "out"
        site = project(tmp_path / "plant", machine.server.endpoint, ["Objects/Line1/Count"], out)
        daemon = Process(site)
        await daemon.start()
        await machine.server.write("Count", "Int32", 1)
        await until((out / "Count-1.json").exists)
        await daemon.kill()
        await machine.server.do("burst", node="Count", type="Int32", values=[2, 3])
        await machine.server.write("Order", "String", "4711")
        await machine.server.write("Trigger", "Boolean", True)
        await daemon.start()
        await until(lambda: (out / "Count-3.json").exists() and (out / "pallet-4711.json").exists())
        assert (out / "Count-2.json").exists()
        assert json.loads((out / "pallet-4711.json").read_text())["kind"] == "transaction"
        async with asyncio.timeout(5):
            while not await machine.server.do("read", node="Ack"):  # noqa: ASYNC110 - it is asked
                await asyncio.sleep(0.02)
        await daemon.stop()


async def test_what_check_says_and_leaves_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with plc(tmp_path) as machine:
        site = project(tmp_path / "plant", machine.server.endpoint, ["Objects/Line1/Cuont"], tmp_path / "out")
        before = await machine.server.do("sessions")
        ended = await asyncio.to_thread(run, ["check", "plc", "--project", str(site.project), "--data", str(site.data)])
        told = capsys.readouterr()
        assert "did you mean 'Count'" in told.out + told.err
        assert "nothing is encrypted" in told.out + told.err
        assert ended == 1
        assert await machine.server.do("sessions") == before
        assert not list(site.data.rglob("subscription.json"))


async def test_a_daemon_that_is_killed_while_a_gap_is_filled_fills_it_later(tmp_path: Path) -> None:
    async with plc(tmp_path) as machine:
        out = tmp_path / "out"
        site = project(tmp_path / "plant", machine.server.endpoint, ["Objects/Line1/Recorded"], out)
        daemon = Process(site)
        await daemon.start()
        await until((out / "Recorded-0.json").exists)
        await machine.server.do("archive", delay=60_000)
        await machine.server.do("lose", notifications=1)
        await machine.server.do("burst", node="Recorded", type="Int32", values=[1, 2])
        await asyncio.sleep(0.3)
        await machine.server.write("Recorded", "Int32", 3)
        await asyncio.sleep(1)
        assert await machine.server.do("lost") == 0
        assert not (out / "Recorded-1.json").exists()
        await daemon.kill()
        await machine.server.do("archive")
        await daemon.start()
        await until(
            lambda: all((out / f"Recorded-{number}.json").exists() for number in range(4)),
            lambda: str(list(out.iterdir())),
            within=30,
        )
        assert json.loads((out / "Recorded-1.json").read_text())["origin"] == "history"
        await daemon.stop()
        assert b"unit.conflict" not in daemon.log.read_bytes()
