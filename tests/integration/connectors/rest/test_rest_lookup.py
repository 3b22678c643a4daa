"""Questions to a system, for `enrich` and `verify`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from aiohttp import web

from tests.conformance.http_service import http_service
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import Stand, Workbench
from tundish.errors import Invalid, Transient
from tundish.sdk import connector

pytestmark = pytest.mark.anyio


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A system that knows order 4711 and is slow about order slow."""

    async def find(request: web.Request) -> web.Response:
        order = request.match_info["order"]
        if order == "slow":
            await asyncio.sleep(5)
        if order != "4711":
            return web.json_response({"error": "unknown"}, status=404)
        return web.Response(body=b'{"quantity": 1.10}', content_type="application/json")

    async with http_service(web.get("/orders/{order}", find)) as url:
        yield url


def stand(bench: Workbench, url: str) -> Stand:
    """A lookup."""
    spec = connector("rest")
    return bench.stand(spec, spec.lookup, {"url": url, "timeout": "300ms"}, {"path": "/orders/{{ id }}"})


async def test_an_answer_is_data(bench: Workbench, url: str) -> None:
    under_test = stand(bench, url)
    await under_test.open()
    facts = (await under_test.lookup.find({"id": "4711"})).facts
    assert facts["status"] == 200
    assert facts["body"] == {"quantity": Decimal("1.10")}


async def test_not_found_is_an_answer(bench: Workbench, url: str) -> None:
    under_test = stand(bench, url)
    await under_test.open()
    assert (await under_test.lookup.find({"id": "4712"})).facts["status"] == 404


async def test_a_key_that_is_empty_would_ask_for_all(bench: Workbench, url: str) -> None:
    under_test = stand(bench, url)
    await under_test.open()
    with pytest.raises(Invalid):
        await under_test.lookup.find({"id": ""})


async def test_no_answer_is_transient_because_a_question_changes_nothing(bench: Workbench, url: str) -> None:
    under_test = stand(bench, url)
    await under_test.open()
    with pytest.raises(Transient):
        await under_test.lookup.find({"id": "slow"})
    nobody = stand(bench, f"http://{LOOPBACK}:{free_port()}")
    await nobody.open()
    with pytest.raises(Transient):
        await nobody.lookup.find({"id": "4711"})
