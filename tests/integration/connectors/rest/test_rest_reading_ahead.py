"""A poll that numbers its pages goes on asking while the journal writes; one whose system names them waits for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import RecordingIntake, Stand, Workbench, until
from tundish.errors import NotConnected
from tundish.sdk import connector
from tundish_connectors.rest.polling.handover import COMPANY

pytestmark = pytest.mark.anyio

SPEC = connector("rest")
ORDERS = 10
OFFSET: dict[str, Any] = {"pages": {"offset": 0}, "query": {"skip": "{{ offset }}"}}
NUMBER: dict[str, Any] = {"pages": {"number": 0}, "query": {"page": "{{ page }}"}}
CURSOR: dict[str, Any] = {"pages": {"cursor": "next"}, "query": {"skip": "{{ cursor }}"}}
LINK: dict[str, Any] = {"pages": {"next": "link"}}


class System:
    """Ten orders, two in a page."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.broken_from = ORDERS + 1
        self.takes = 0.0
        """Seconds for each page."""

    async def answer(self, request: web.Request) -> web.Response:
        """One page, and where the next one is."""
        start = int(request.query.get("skip") or 2 * int(request.query.get("page", 0)))
        self.asked.append(start)
        await asyncio.sleep(self.takes)
        if start >= self.broken_from:
            return web.Response(status=500)
        page = [{"id": number} for number in range(start, min(start + 2, ORDERS))]
        following = start + 2 if start + 2 < ORDERS else None
        link = None if following is None else f"/orders?skip={following}"
        return web.json_response({"orders": page, "next": following, "link": link})


@asynccontextmanager
async def serving(system: System) -> AsyncIterator[str]:
    """The address of the system."""
    app = web.Application()
    app.router.add_get("/orders", system.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    try:
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def stalled(bench: Workbench, url: str, poll: dict[str, Any]) -> tuple[Stand, RecordingIntake]:
    """A source that polls once in a long time, and whose first page waits for the disk."""
    settings = {"poll": {"path": "/orders", "every": "1h", "items": "orders", **poll}}
    stand, intake = bench.stand(SPEC, SPEC.source, {"url": url}, settings), RecordingIntake()
    intake.gate.clear()
    await stand.open()
    stand.run(intake)
    return stand, intake


def ids(intake: RecordingIntake) -> list[int]:
    """What was handed over, in order."""
    bodies = [unit.body for unit in intake.accepted if isinstance(unit.body, bytes)]
    return [json.loads(line)["id"] for body in bodies for line in body.splitlines()]


@pytest.mark.parametrize("poll", [OFFSET, NUMBER], ids=["offset", "number"])
async def test_pages_that_we_number_are_asked_for_meanwhile(bench: Workbench, poll: dict[str, Any]) -> None:
    system = System()
    system.takes = 1.5 * COMPANY
    async with serving(system) as url:
        _, intake = await stalled(bench, url, poll)
        await until(lambda: system.asked == [0, 2, 4, 6, 8, 10], lambda: str(system.asked))
        assert not intake.accepted
        intake.gate.set()
        await until(lambda: len(ids(intake)) == ORDERS)
    assert ids(intake) == list(range(ORDERS))
    # The first page and the second one were with the journal; the others waited for one of them.
    assert [unit.meta["page"] for unit in intake.accepted] == [1, 2, 3]


@pytest.mark.parametrize("poll", [CURSOR, LINK], ids=["cursor", "link"])
async def test_pages_that_the_system_names_are_asked_for_when_the_one_before_is_durable(
    bench: Workbench, poll: dict[str, Any]
) -> None:
    system = System()
    async with serving(system) as url:
        _, intake = await stalled(bench, url, poll)
        await intake.wait_for(1, offered=True)
        await asyncio.sleep(0.2)
        assert system.asked == [0]
        intake.gate.set()
        await until(lambda: len(ids(intake)) == ORDERS)
    assert ids(intake) == list(range(ORDERS))
    assert [unit.meta["page"] for unit in intake.accepted] == [1, 2, 3, 4, 5]


async def test_pages_in_memory_are_asked_for_again_after_a_crash(bench: Workbench) -> None:
    system = System()
    system.takes = 1.5 * COMPANY
    async with serving(system) as url:
        stand, first = await stalled(bench, url, OFFSET)
        (unit,) = await first.wait_for(1, offered=True)
        await until(lambda: len(system.asked) == 6)
        # The journal has the first page, and the daemon dies before it has the others.
        await stand.close()
        second = RecordingIntake(position=unit.cursor)
        await stand.open()
        stand.run(second)
        await until(lambda: len(ids(second)) == ORDERS - 2)
    assert ids(second) == list(range(2, ORDERS))


async def test_what_came_before_a_system_failed_is_written_first(bench: Workbench) -> None:
    """Otherwise a source that is opened again at once would begin before what is still on its way to the disk."""
    system = System()
    system.broken_from = 6
    async with serving(system) as url:
        stand, intake = await stalled(bench, url, OFFSET)
        await until(lambda: system.asked == [0, 2, 4, 6])
        await asyncio.sleep(0.1)
        assert not stand.lost.done()
        intake.gate.set()
        async with asyncio.timeout(5):
            assert isinstance(await stand.lost, NotConnected)
    assert ids(intake) == list(range(6))
