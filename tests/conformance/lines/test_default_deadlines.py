"""How soon a dead line is noticed where nobody set a deadline. All connectors wait together: waiting is all of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.conformance.finding import everybody, harness_of, spec_of
from tests.conformance.lines.traffic import KINDS, NOTICED_WITHIN, Traffic
from tests.conformance.lines.upkeep import Upkeep
from tests.conformance.stand import RecordingLog, until
from tundish.runtime.supervisor import Supervisor

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def running(name: str, folder: Path, supervisor: Supervisor) -> AsyncIterator[dict[str, Traffic]]:
    """A peer, and what a connector has for it, with the deadlines that it has by itself."""
    (folder / "peer").mkdir(parents=True)
    peer, spec = harness_of(name)(folder / "peer"), spec_of(name)
    await peer.start()
    async with AsyncExitStack() as ending:
        ending.push_async_callback(peer.finish)
        ending.push_async_callback(peer.stop)
        found: dict[str, Traffic] = {}
        for role, kind in KINDS.items():
            if (part := getattr(spec, role)) is not None:
                settings = {key: value for key, value in peer.connection(role).items() if key not in peer.patience(1)}
                upkeep = Upkeep(supervisor, folder / role, spec, part, settings, peer.settings(role))
                found[f"{name} {role}"] = traffic = kind(peer, upkeep)
                await ending.enter_async_context(traffic.running())
                await traffic.goes_on()
        yield found


async def test_a_dead_line_is_noticed_within_15_seconds(tmp_path: Path) -> None:
    noticed: dict[str, float] = {}

    async def watch(name: str, traffic: Traffic, begun: float) -> None:
        await until(lambda: not traffic.upkeep.life.is_open, lambda: f"{name} noticed nothing", 3 * NOTICED_WITHIN)
        noticed[name] = time.monotonic() - begun

    async with Supervisor(RecordingLog()) as supervisor, AsyncExitStack() as ending:
        everything: dict[str, Traffic] = {}
        for name in everybody():
            if "test_a_dead_line_is_noticed_within_15_seconds" not in harness_of(name).waived:
                try:
                    everything |= await ending.enter_async_context(running(name, tmp_path / name, supervisor))
                except pytest.skip.Exception as absent:
                    print(f"{name}: {absent}")
        for traffic in everything.values():
            traffic.peer.line(traffic.role).freeze()
        async with asyncio.TaskGroup() as group:
            for name, traffic in everything.items():
                group.create_task(watch(name, traffic, time.monotonic()))
        for traffic in everything.values():
            traffic.peer.line(traffic.role).cut()
            traffic.peer.line(traffic.role).thaw()
        for traffic in everything.values():
            await traffic.is_open()
    assert max(noticed.values()) < NOTICED_WITHIN, noticed
