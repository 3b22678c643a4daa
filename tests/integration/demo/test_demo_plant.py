"""The simulated systems fail in the ways that they promise; otherwise the demonstration would prove nothing."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest

from tundish_connectors.demo_plant.erp import Erp
from tundish_connectors.demo_plant.shift.events import Drop, Publish, Release
from tundish_connectors.demo_plant.shift.planning import plan_shift

pytestmark = pytest.mark.anyio

CONFIRMATION = {
    "Id": "C1",
    "Order": "000004711",
    "Operation": "0010",
    "Yield": "48",
    "Unit": "PC",
    "FinishedAt": "2026-03-02T14:05:09+01:00",
}


@pytest.fixture
def erp() -> Erp:
    return Erp("key")


@pytest.fixture
async def client(erp: Erp) -> AsyncIterator[aiohttp.ClientSession]:
    async with erp.running() as url, aiohttp.ClientSession(url, headers={"X-API-Key": "key"}) as session:
        yield session


async def book(client: aiohttp.ClientSession, **changes: str) -> tuple[int, Mapping[str, str]]:
    async with client.post("/api/confirmations", json={**CONFIRMATION, **changes}) as response:
        return response.status, await response.json()


async def test_it_books_every_time_it_is_told(erp: Erp, client: aiohttp.ClientSession) -> None:
    assert [(await book(client))[0] for _ in range(2)] == [201, 201]
    assert erp.confirmations == {"C1": 2}


async def test_it_refuses_strangers(erp: Erp, client: aiohttp.ClientSession) -> None:
    async with client.post("/api/confirmations", json=CONFIRMATION, headers={"X-API-Key": "guess"}) as response:
        assert response.status == 401
    assert not erp.confirmations


@pytest.mark.parametrize("changes", [{"Unit": ""}, {"Yield": "many"}], ids=["no unit", "no number"])
async def test_it_refuses_what_is_incomplete(client: aiohttp.ClientSession, changes: dict[str, str]) -> None:
    assert (await book(client, **changes))[0] == 400


async def test_it_refuses_a_closed_order(erp: Erp, client: aiohttp.ClientSession) -> None:
    erp.refused_orders.add("000004711")
    status, answer = await book(client)
    assert status == 400
    assert "closed" in answer["error"]


async def test_it_is_closed_for_maintenance_and_opens_again(erp: Erp, client: aiohttp.ClientSession) -> None:
    erp.plan_maintenance(after_requests=2, seconds=0.3)
    assert [(await book(client, Id=name))[0] for name in "ABC"] == [201, 503, 503]
    closed = time.monotonic()
    while (await book(client, Id="D"))[0] == 503:
        assert time.monotonic() - closed < 5
    assert set(erp.confirmations) == {"A", "D"}


async def test_it_books_without_an_answer_once(erp: Erp, client: aiohttp.ClientSession) -> None:
    erp.silent_after_booking.add("C1")
    with pytest.raises(TimeoutError):
        await client.post("/api/confirmations", json=CONFIRMATION, timeout=aiohttp.ClientTimeout(total=0.2))
    async with client.get("/api/confirmations/C1") as response:
        assert response.status == 200
    async with client.get("/api/confirmations/C2") as response:
        assert response.status == 404
    assert (await book(client))[0] == 201


def test_a_shift_repeats_itself() -> None:
    assert plan_shift(0, 100, 7) == plan_shift(0, 100, 7)
    assert plan_shift(0, 100, 7) != plan_shift(0, 100, 8)


@pytest.mark.parametrize("messages", [20, 300, 1000])
def test_a_shift_has_every_trouble(messages: int) -> None:
    shift = plan_shift(0, messages, 1)
    kinds = {kind: [event for event in shift.events if isinstance(event, kind)] for kind in (Publish, Drop, Release)}
    assert all(kinds.values())
    assert sum(event.unreadable for event in kinds[Publish]) == 1
    assert sum(event.unreadable for event in kinds[Drop]) == 3
    assert all(sum(event.repeats for event in kinds[kind]) > 0 for kind in (Publish, Drop))
    assert shift.silent_after_booking <= {document.find[1] for event in shift.events for document in event.sent}


def test_shifts_never_meet() -> None:
    first, second = (
        {document for event in plan_shift(number, 100, 1).events for document in event.sent} for number in (0, 1)
    )
    assert first.isdisjoint(second)
