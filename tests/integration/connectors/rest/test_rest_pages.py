"""Answers in pages: nothing is left out, nothing is handed over twice, and memory stays bounded."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from tests.conformance.stand import RecordingIntake, Workbench
from tests.integration.connectors.rest.calling import system
from tests.integration.connectors.rest.polled_orders import PAGES, Orders, bytes_of, handed_over, ids_of, polling
from tundish.errors import Misconfigured
from tundish.telemetry import Event

pytestmark = pytest.mark.anyio

NUMBERED = {"offset", "number"}


@pytest.mark.parametrize("way", PAGES)
async def test_every_page_is_handed_over_once(bench: Workbench, way: str) -> None:
    orders = Orders(5)
    async with system(orders.handle) as url:
        intake = await handed_over(polling(bench, url, PAGES[way]), [1, 2, 3, 4, 5])
        # Pages that we number share a unit where they come shortly after each other.
        records, pages = ([5], [1]) if way in NUMBERED else ([2, 2, 1], [1, 2, 3])
        assert [len(bytes_of(unit.body).splitlines()) for unit in intake.accepted] == records
        assert [unit.meta["page"] for unit in intake.accepted] == pages
        # Polled again and again meanwhile; a change of one order is one more record.
        orders.orders[2]["changed"] = 9
        await intake.wait_for(len(pages) + 1)
    assert ids_of(intake) == [1, 2, 3, 4, 5, 3]


@pytest.mark.parametrize("way", sorted(PAGES.keys() - NUMBERED))
async def test_after_a_crash_it_goes_on_behind_the_last_page_that_was_durable(bench: Workbench, way: str) -> None:
    orders = Orders(5)
    async with system(orders.handle) as url:
        stand, first = polling(bench, url, PAGES[way]), RecordingIntake()
        await stand.open()
        stand.run(first)
        await first.wait_for(3)
        await stand.close()
        # As if the process had died before the third page was durable.
        first.accepted.pop()
        second = RecordingIntake(position=first.accepted[1].cursor)
        await stand.open()
        stand.run(second)
        await second.wait_for(1)
        await asyncio.sleep(0.2)
    assert ids_of(first) + ids_of(second) == [1, 2, 3, 4, 5]


async def test_a_page_that_the_system_forgot_begins_the_poll_anew(bench: Workbench) -> None:
    orders = Orders(5)
    gone = [410]

    def forget(query: dict[str, str]) -> web.Response | None:
        return web.Response(status=gone.pop()) if query.get("skip") == "4" and gone else None

    orders.before_answer = forget
    async with system(orders.handle) as url:
        stand = polling(bench, url, PAGES["next"])
        await handed_over(stand, [1, 2, 3, 4, 5])
    assert [event for _, event, _ in stand.log.events].count(Event.POLL_RESTARTED) == 1


async def test_a_page_that_is_never_there_stops_the_poll(bench: Workbench) -> None:
    orders = Orders(5)
    orders.before_answer = lambda query: web.Response(status=404) if query.get("skip") == "4" else None
    async with system(orders.handle) as url:
        stand, intake = polling(bench, url, PAGES["next"]), RecordingIntake()
        await stand.open()
        stand.run(intake)
        async with asyncio.timeout(5):
            lost = await stand.lost
    assert isinstance(lost, Misconfigured)
    assert "page 3 of /orders: the system answered 404" in str(lost)
    assert ids_of(intake) == [1, 2, 3, 4]


async def test_a_system_that_ignores_the_parameter_is_no_endless_loop(bench: Workbench) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response({"orders": [{"id": 1}]})

    async with system(handle) as url:
        stand = polling(bench, url, PAGES["offset"])
        await stand.open()
        stand.run(RecordingIntake())
        async with asyncio.timeout(5):
            lost = await stand.lost
    assert isinstance(lost, Misconfigured)
    assert "the same as the one before" in str(lost)


async def test_links_stay_on_our_host(bench: Workbench) -> None:
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        if "next" in request.query:
            return web.json_response({"orders": [{"id": 2}]})
        where = "http://inside.invalid:1/base/orders?next=a%20b%2Bc+d"
        return web.json_response({"orders": [{"id": 1}], "links": {"next": where}})

    async with system(handle) as url:
        await handed_over(polling(bench, f"{url}/base", PAGES["next"]), [1, 2])
    assert asked[:2] == ["/base/orders", "/base/orders?next=a%20b%2Bc+d"]


async def test_a_new_token_is_fetched_in_the_middle_of_a_poll(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "hunter2")
    orders, tokens = Orders(5), list[str]()

    async def handle(request: web.Request) -> web.Response:
        if request.path == "/token":
            tokens.append(f"t{len(tokens)}")
            return web.json_response({"access_token": tokens[-1], "expires_in": 3600})
        # Every token is good for two pages.
        seen = request.headers.get("Authorization")
        orders.asked.append({"auth": str(seen)})
        if [query.get("auth") for query in orders.asked].count(str(seen)) > 2 or seen == "Bearer None":
            return web.Response(status=401)
        return await orders.handle(request)

    async with system(handle) as url:
        oauth2 = {"token_url": f"{url}/token", "client_id": "tundish", "client_secret": "env:KEY"}
        stand = polling(bench, url, {**PAGES["link"], "every": "1h"}, auth={"oauth2": oauth2})
        await handed_over(stand, [1, 2, 3, 4, 5])
    assert tokens == ["t0", "t1"]


async def test_many_records_at_once_keep_the_position_small(bench: Workbench) -> None:
    orders = Orders(30_000)
    orders.size = 5_000
    async with system(orders.handle) as url:
        stand, intake = polling(bench, url, {**PAGES["link"], "every": "1h"}), RecordingIntake()
        await stand.open()
        stand.run(intake)
        await intake.wait_for(6)
    assert len(intake.accepted[-1].cursor or b"") < 500_000
    assert len(ids_of(intake)) == 30_000
