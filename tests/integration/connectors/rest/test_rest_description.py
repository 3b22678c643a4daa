"""What the listener says about itself and about messages, to those who may send."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import aiohttp
import pytest

from tests.conformance.stand import RecordingIntake, Workbench
from tests.integration.connectors.rest.listening import Listening
from tundish.model import DeliveryProgress, Progress
from tundish.sdk import RouteFacts

pytestmark = pytest.mark.anyio


class KnowingIntake(RecordingIntake):
    """Knows message 5."""

    async def progress(self, message: int) -> Progress | None:
        """Where it stands."""
        if message != 5:
            return None
        return Progress(5, datetime(2026, 1, 2, tzinfo=UTC), "open", (DeliveryProgress("erp", "open"),))


@pytest.fixture
async def listening(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Listening:
    """A listener with a key, and a route with a contract."""
    monkeypatch.setenv("KEY", "k")
    made = Listening(bench, "/orders/{order}", auth={"api_key": "env:KEY"})
    facts = RouteFacts("orders", "Orders of the shop", contract="order", schema={"type": "object"})
    made.stand.component.context = dataclasses.replace(made.stand.component.context, route=facts)
    made.intake = KnowingIntake()
    return await made.start()


GOOD = {"X-API-Key": "k"}


async def test_the_document(listening: Listening, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{listening.url}/openapi.json", headers=GOOD) as response:
        assert response.status == 200
        content = await response.json()
    assert content["paths"]["/orders/{order}"]["post"]["summary"] == "Orders of the shop"
    assert content["components"]["schemas"]["order"] == {"type": "object"}
    async with http.get(f"{listening.url}/openapi.json") as response:
        assert response.status == 401
    async with http.post(f"{listening.url}/openapi.json", headers=GOOD) as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET")


async def test_the_location_leads_to_the_state(listening: Listening, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{listening.url}/orders/A/5", headers=GOOD) as response:
        assert response.status == 200
        assert (await response.json())["deliveries"] == {"erp": {"state": "accepted"}}
    for unknown in ("/orders/A/6", "/orders/A/x", "/nothing/5", "/orders/A/" + "9" * 30, "/orders/A/٥"):
        async with http.get(f"{listening.url}{unknown}", headers=GOOD) as response:
            assert response.status == 404, unknown
            assert "cure" in await response.json()
    async with http.get(f"{listening.url}/orders/A/5") as response:
        assert response.status == 401


async def test_another_method_is_told_which_ones_there_are(listening: Listening, http: aiohttp.ClientSession) -> None:
    async with http.delete(f"{listening.url}/orders/A", headers=GOOD) as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")
        assert (await response.json())["cure"] == "use POST"
    async with http.head(f"{listening.url}/orders/A", headers=GOOD) as response:
        assert response.status == 405
