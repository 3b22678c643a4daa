"""How far a poll has come: by what is durable, and not past what is committed late."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from tests.conformance.stand import RecordingIntake, Workbench, until
from tests.integration.connectors.rest.calling import system
from tests.integration.connectors.rest.polled_orders import Orders, handed_over, ids_of, polling
from tundish.telemetry import Event

pytestmark = pytest.mark.anyio


async def test_the_watermark_moves_only_with_the_journal(bench: Workbench) -> None:
    orders = Orders(5)
    poll = {"pages": {"link": True}, "query": {"since": "{{ watermark }}"}, "watermark": {"by": "changed", "start": 0}}
    async with system(orders.handle) as url:
        stand, refusing = polling(bench, url, poll), RecordingIntake(refusals=1000)
        await stand.open()
        stand.run(refusing)
        await refusing.wait_for(3, offered=True)
        assert {query["since"] for query in orders.asked} == {"0"}
        await stand.close()

        intake = RecordingIntake()
        await stand.open()
        stand.run(intake)
        await until(lambda: orders.asked[-1:] != [] and orders.asked[-1]["since"] == "5")
        orders.orders.append({"id": 6, "changed": 6})
        orders.orders.append({"id": 7, "changed": 5})
        await until(lambda: len(ids_of(intake)) == 7)
        await until(lambda: orders.asked[-1:] != [] and orders.asked[-1]["since"] == "6")
        cursor = intake.accepted[-1].cursor
        await stand.close()

        # A new life knows where it was, and what it has handed over at the very same value.
        again = RecordingIntake(position=cursor)
        orders.asked.clear()
        await stand.open()
        stand.run(again)
        await until(lambda: len(orders.asked) > 3)
        assert {query["since"] for query in orders.asked} == {"6"}
    assert ids_of(intake) == [1, 2, 3, 4, 5, 6, 7]
    assert again.offered == []


async def test_the_overlap_finds_what_was_committed_late(bench: Workbench) -> None:
    orders = Orders(0)
    orders.orders = [{"id": 1, "changed": 100}, {"id": 2, "changed": 103}]
    mark = {"by": "changed", "start": 0, "overlap": 5}
    poll: dict[str, object] = {"query": {"since": "{{ watermark }}"}, "watermark": mark}
    orders.size = 100
    async with system(orders.handle) as url:
        stand, intake = polling(bench, url, poll), RecordingIntake()
        await stand.open()
        stand.run(intake)
        await until(lambda: orders.asked[-1:] != [] and orders.asked[-1]["since"] == "98")
        orders.orders.append({"id": 3, "changed": 99})
        await until(lambda: len(ids_of(intake)) == 3)
        await asyncio.sleep(0.2)
    assert ids_of(intake) == [1, 2, 3]


async def test_times_as_watermarks(bench: Workbench) -> None:
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.query["since"])
        return web.json_response([{"id": 1, "at": "2026-03-01T10:00:00.1234567+01:00"}, {"id": 2, "at": None}])

    mark = {"by": "at", "start": "2026-01-01T00:00:00Z", "overlap": "90s"}
    async with system(handle) as url:
        stand = polling(
            bench, url, {"items": "@", "query": {"since": "{{ watermark }}"}, "watermark": mark, "every": "10ms"}
        )
        intake = RecordingIntake()
        await stand.open()
        stand.run(intake)
        await until(lambda: len(asked) > 3)
    assert asked[0] == "2025-12-31T23:58:30Z"
    assert set(asked[1:]) == {"2026-03-01T09:58:30.123456+01:00"}
    assert ids_of(intake) == [1, 2]
    assert Event.POLL_UNMARKED in [event for _, event, _ in stand.log.events]


async def test_a_watermark_that_runs_backwards_is_reported(bench: Workbench) -> None:
    answers = [[{"id": 1, "changed": 50}], [{"id": 2, "changed": 20}], []]

    async def handle(request: web.Request) -> web.Response:
        return web.json_response(answers.pop(0) if len(answers) > 1 else answers[0])

    poll: dict[str, object] = {
        "items": "@",
        "query": {"since": "{{ watermark }}"},
        "watermark": {"by": "changed", "start": 0},
    }
    async with system(handle) as url:
        stand = polling(bench, url, poll)
        await handed_over(stand, [1, 2])
    (facts,) = [facts for _, event, facts in stand.log.events if event == Event.POLL_BACKWARDS]
    assert facts["values"] == ["20"]
