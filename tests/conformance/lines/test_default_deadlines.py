"""How soon a dead line is noticed where nobody set a deadline. All connectors wait together: waiting is all of it."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.conformance.black_hole import needs_black_hole
from tests.conformance.finding import everybody, harness_of, spec_of
from tests.conformance.harness_contract import PeerHarness
from tests.conformance.lines.traffic import KINDS, NOTICED_WITHIN, Asking, Sending, Traffic
from tests.conformance.lines.upkeep import Upkeep
from tests.conformance.proxy import Proxy
from tests.conformance.stand import RecordingLog, until
from tundish.runtime.supervisor import Supervisor

pytestmark = [pytest.mark.anyio, needs_black_hole]

ARRIVED_WITHIN = 0.3
"""Seconds by which a request has arrived."""


async def peers(folder: Path, ending: AsyncExitStack) -> dict[str, PeerHarness]:
    """Those that are installed, started together."""
    started: dict[str, PeerHarness] = {}

    async def start(name: str) -> None:
        (folder / name / "peer").mkdir(parents=True)
        try:
            peer = harness_of(name)(folder / name / "peer")
            ending.push_async_callback(peer.finish)
            ending.push_async_callback(peer.stop)
            await peer.start()
        except pytest.skip.Exception as absent:
            print(f"{name}: {absent}")
        else:
            started[name] = peer

    async with asyncio.TaskGroup() as group:
        for name in everybody():
            if "test_a_dead_line_is_noticed_within_15_seconds" not in harness_of(name).waived:
                group.create_task(start(name))
    return started


async def components(
    name: str, peer: PeerHarness, folder: Path, supervisor: Supervisor, ending: AsyncExitStack
) -> dict[str, Traffic]:
    """What a connector has for its peer, with the deadlines that it has by itself."""
    spec = spec_of(name)
    found: dict[str, Traffic] = {}
    for role, kind in KINDS.items():
        is_listener = role == "source" and "test_is_lost_when_the_peer_is_gone" in peer.waived
        if (part := getattr(spec, role)) is not None and role in (peer.roles or KINDS) and not is_listener:
            settings = {key: value for key, value in peer.connection(role).items() if key not in peer.patience(1)}
            upkeep = Upkeep(supervisor, folder / role, spec, part, settings, peer.settings(role))
            found[f"{name} {role}"] = traffic = kind(peer, upkeep)
            await ending.enter_async_context(traffic.running())
            await traffic.goes_on()
    return found


async def break_lines(everything: dict[str, Traffic]) -> set[Proxy]:
    """Everybody's peer vanishes: some have sent a request and wait for the answer, some send it to nobody."""
    lines = {traffic.peer.line(traffic.role) for traffic in everything.values()}
    asking = [traffic for traffic in everything.values() if traffic.peer.asks]
    for traffic in asking:
        if isinstance(traffic, Sending):
            traffic.peer.line(traffic.role).mute()
            traffic.load()
    await asyncio.sleep(ARRIVED_WITHIN)
    async with asyncio.TaskGroup() as group:
        for line in lines:
            group.create_task(line.vanish())
    for traffic in asking:
        if isinstance(traffic, Asking):
            traffic.load(1)
    return lines


def has_noticed(traffic: Traffic) -> bool:
    """Its line is given up; where a line is no session, whoever waited for an answer was told that there is none."""
    return not traffic.upkeep.life.is_open or (traffic.peer.asks and bool(traffic.failures))


async def test_a_dead_line_is_noticed_within_15_seconds(tmp_path: Path) -> None:
    noticed: dict[str, float] = {}

    async def watch(name: str, traffic: Traffic, begun: float) -> None:
        await until(lambda: has_noticed(traffic), lambda: f"{name} noticed nothing", 3 * NOTICED_WITHIN)
        noticed[name] = time.monotonic() - begun

    async with Supervisor(RecordingLog()) as supervisor, AsyncExitStack() as ending:
        everything: dict[str, Traffic] = {}
        for name, peer in (await peers(tmp_path, ending)).items():
            everything |= await components(name, peer, tmp_path / name, supervisor, ending)
        lines = await break_lines(everything)
        async with asyncio.TaskGroup() as group:
            for name, traffic in everything.items():
                group.create_task(watch(name, traffic, time.monotonic()))
        for line in lines:
            line.cut()
            line.come_back()
        for traffic in everything.values():
            if traffic.peer.asks and isinstance(traffic, Sending):
                await traffic.judged()
            await traffic.is_open()
    assert max(noticed.values()) < NOTICED_WITHIN, noticed
