"""What every component promises about the line to its peer, whatever becomes of that. Found from the registry.

The fault proxy stands between each component and a real peer. All components of a connector meet a fault together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import pytest

from tests.conformance.finding import everybody
from tests.conformance.harness_contract import PeerHarness
from tests.conformance.lines.conftest import Components
from tests.conformance.lines.traffic import Traffic
from tests.conformance.proxy import Proxy

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("connector", everybody(), scope="module")]

AT_WORK = 0.2
"""Seconds from the moment in which something is sent to the one in which the line breaks."""

HEARD_WITHIN = 0.05
"""Seconds after which a component knows that its line broke."""
LATE = 0.15
"""Seconds by which every piece of data is late on a slow line, each way, before it stalls."""
STALL = 2.0


def slow(line: Proxy) -> None:
    """Some of what is sent passes before the line breaks, and some does not."""
    line.delay(AT_WORK / 5)


def lines_of(peer: PeerHarness, everything: Iterable[Traffic]) -> list[Proxy]:
    """The lines of some components, each once."""
    return list(dict.fromkeys(peer.line(each.role) for each in everything))


@pytest.mark.parametrize("break_line", [Proxy.cut, Proxy.reset], ids=["cut", "reset"])
async def test_a_line_that_breaks_loses_nothing(
    peer: PeerHarness, components: Components, break_line: Callable[[Proxy], None]
) -> None:
    async with components(1) as everything:
        for before in (Proxy.freeze, Proxy.mute, slow):  # nothing arrives; everything does, but no answer; some does
            for line in lines_of(peer, everything):
                before(line)
            for each in everything:
                each.load()
            await asyncio.sleep(AT_WORK)
            for line in lines_of(peer, everything):
                break_line(line)
                line.thaw()
                line.delay(0)
            await asyncio.sleep(HEARD_WITHIN)
            for each in everything:
                await (each.judged() if before is Proxy.mute else each.settled())
                await each.is_open()
        for each in everything:
            await each.goes_on_in_order()


async def test_a_half_open_line_is_noticed_and_loses_nothing(peer: PeerHarness, components: Components) -> None:
    async with components(1) as everything:
        for each in everything:
            each.load()
        await asyncio.sleep(0)
        for line in lines_of(peer, everything):
            line.freeze()
        async with asyncio.TaskGroup() as group:
            for each in everything:
                group.create_task(each.noticed())
        for line in lines_of(peer, everything):
            line.cut()
            line.thaw()
        for each in everything:
            await each.settled()
            await each.goes_on_in_order()


async def test_a_slow_line_costs_nothing(peer: PeerHarness, components: Components) -> None:
    async with components(4) as everything:
        for line in lines_of(peer, everything):
            line.delay(LATE)
        for each in everything:
            each.load()
        await asyncio.sleep(4 * LATE)
        for line in lines_of(peer, everything):
            line.freeze()
        await asyncio.sleep(STALL)
        for line in lines_of(peer, everything):
            line.thaw()
            line.delay(0)
        for each in everything:
            await each.passed()
            assert each.failures == [], "these failed, and were only late"
            await each.goes_on_in_order()
            assert each.upkeep.openings == 1, "the connection was given up"
