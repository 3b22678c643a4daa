"""Replies after delivery: a client waits for what became of its message, also across the death of the daemon."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout, web

from tests.conformance.http_service import http_service
from tests.conformance.ports import LOOPBACK, free_port
from tests.crash.process import Process
from tundish.journal import Selection, open_reader

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

PROJECT = {
    "tundish.yaml": "tundish: 1\n",
    "connections/peers.yaml": """\
connections:
  inbound:
    rest: {{listen: "127.0.0.1:{inbound}"}}
  erp:
    rest: {{url: "http://127.0.0.1:{erp}", timeout: 5s}}
""",
    "routes/orders.yaml": """\
route: orders
from:
  rest: {{connection: inbound, path: /orders}}
key: order
once: [order]
after_dead_letter: continue
reply:
  within: 2s
  body: "{{order: message.order, document: destinations.erp.answer.body.number, state: destinations.erp.state}}"
to:
  erp:
    rest: {{connection: erp, path: /booked}}
    retry: {{attempts: 3, backoff: 20ms..50ms}}
""",
    "routes/lots.yaml": """\
route: lots
from:
  rest: {{connection: inbound, path: /lots}}
key: order
reply: after-delivery
steps:
  - filter: order != 'nobody'
to:
  erp:
    rest: {{connection: erp, path: /booked}}
  mes:
    rest: {{connection: erp, path: /booked}}
    when: order == 'both'
""",
}


@dataclass
class Erp:
    """Books orders; each may have an answer of its own."""

    answers: dict[str, list[int]] = field(default_factory=dict)
    """Order → statuses; the last one stays."""
    requests: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def book(self, request: web.Request) -> web.Response:
        """Answer."""
        order = (await request.json())["order"]
        self.requests.append(order)
        await self.gate.wait()
        statuses = self.answers.get(order, [201])
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        return web.json_response({"number": f"45-{order}"} if status < 300 else {"error": "closed"}, status=status)


@dataclass
class World:
    """A daemon, its ERP and a client."""

    project: Path
    data: Path
    port: int
    erp: Erp
    http: ClientSession

    async def post(self, order: str, path: str = "/orders", **headers: str) -> tuple[int, Any]:
        """Status and content."""
        async with self.http.post(self.url + path, data=json.dumps({"order": order}), headers=headers) as response:
            return response.status, await response.json()

    @property
    def url(self) -> str:
        """Where the daemon listens."""
        return f"http://{LOOPBACK}:{self.port}"

    async def until_reachable(self, attempt: Callable[[], Awaitable[tuple[int, Any]]]) -> tuple[int, Any]:
        """Try again until somebody answers, as a client would."""
        async with asyncio.timeout(20):
            while True:
                try:
                    found = await attempt()
                except (ClientError, OSError):
                    await asyncio.sleep(0.05)
                    continue
                if found[0] != 503:
                    return found


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """Everything but the daemon."""
    inbound, erp_port = free_port(), free_port()
    for name, text in PROJECT.items():
        path = folder / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(inbound=inbound, erp=erp_port))
    erp = Erp()
    erp.gate.set()
    async with http_service(web.post("/booked", erp.book), port=erp_port):
        async with ClientSession(timeout=ClientTimeout(total=15)) as http:
            yield World(folder / "project", folder / "data", inbound, erp, http)
        erp.gate.set()


@pytest.fixture
async def at_work(tmp_path: Path) -> AsyncIterator[World]:
    """A world with its daemon."""
    async with world(tmp_path) as made:
        daemon = Process(made)
        await daemon.start()
        try:
            yield made
        finally:
            await daemon.stop()


async def test_the_reply_is_what_the_route_makes_of_the_outcome(at_work: World) -> None:
    expected = {"order": "A", "document": "45-A", "state": "delivered"}
    assert await at_work.post("A") == (200, expected)
    # A repeat is told the outcome of the first, and nothing is booked again.
    assert await at_work.post("A") == (200, expected)
    assert at_work.erp.requests == ["A"]


async def test_a_retry_is_waited_for(at_work: World) -> None:
    at_work.erp.answers["B"] = [503, 201]
    status, content = await at_work.post("B")
    assert (status, content["document"]) == (200, "45-B")


async def test_a_dead_letter_is_told_with_its_faults(at_work: World) -> None:
    at_work.erp.answers |= {"refused": [422], "broken": [500]}
    for _ in range(2):
        status, content = await at_work.post("refused")
        assert (status, content["outcome"]) == (422, "dead letter")
        assert content["faults"][0]["where"] == "erp"
        assert content["faults"][0]["error"] == "Rejected"
    status, content = await at_work.post("broken")
    assert (status, content["faults"][0]["error"]) == (502, "Transient")


async def test_when_the_time_is_over_the_message_is_safe(at_work: World) -> None:
    at_work.erp.gate.clear()
    begun = time.monotonic()
    async with at_work.http.post(f"{at_work.url}/orders", data='{"order": "C"}') as response:
        content = await response.json()
        assert response.status == 202
        location = response.headers["Location"]
    assert 1.5 < time.monotonic() - begun < 6
    assert content["deliveries"] == {"erp": {"state": "accepted"}}
    at_work.erp.gate.set()
    status, content = await at_work.post("C")
    assert (status, content["document"]) == (200, "45-C")
    async with at_work.http.get(at_work.url + location) as response:
        assert (await response.json())["state"] == "delivered"


async def test_every_destination_has_to_end(at_work: World) -> None:
    status, content = await at_work.post("both", "/lots")
    assert status == 200
    assert {name: each["state"] for name, each in content["deliveries"].items()} == {
        "erp": "delivered",
        "mes": "delivered",
    }
    status, content = await at_work.post("one", "/lots")
    assert {name: each["state"] for name, each in content["deliveries"].items()} == {
        "erp": "delivered",
        "mes": "filtered",
    }
    status, content = await at_work.post("nobody", "/lots")
    assert status == 200
    assert {each["state"] for each in content["deliveries"].values()} == {"filtered"}
    at_work.erp.answers["half"] = [400]
    assert (await at_work.post("half", "/lots"))[0] == 422


async def test_many_clients_wait_at_the_same_time(at_work: World) -> None:
    found: list[tuple[int, Any]] = []
    async with asyncio.TaskGroup() as group:

        async def one(number: int) -> None:
            found.append(await at_work.post(f"M{number}"))

        for number in range(60):
            group.create_task(one(number))
    assert [status for status, _ in found] == [200] * 60
    assert {content["document"] for _, content in found} == {f"45-M{number}" for number in range(60)}


async def test_a_client_whose_daemon_was_killed_gets_the_outcome_by_repeating(tmp_path: Path) -> None:
    async with world(tmp_path) as site:
        daemon = Process(site)
        await daemon.start()
        for life in range(3):
            order = f"K{life}"
            site.erp.gate.clear()
            before = len(site.erp.requests)
            async with asyncio.TaskGroup() as group:

                async def first(name: str = order) -> None:
                    with pytest.raises((ClientError, OSError)):
                        await site.post(name)

                group.create_task(first())
                async with asyncio.timeout(10):
                    while len(site.erp.requests) == before:  # noqa: ASYNC110 - the process announces nothing
                        await asyncio.sleep(0.005)
                # It is on disk and on its way, and the client waits.
                await daemon.kill()
            site.erp.gate.set()
            daemon = Process(site)
            await daemon.start()
            status, content = await site.until_reachable(partial(site.post, order))
            assert (status, content["document"]) == (200, f"45-{order}")
        assert await daemon.stop() == 0
        with open_reader(site.data) as journal:
            assert len(journal.messages(Selection(route="orders"))) == 3


async def test_a_client_that_waits_is_answered_when_the_daemon_stops(tmp_path: Path) -> None:
    async with world(tmp_path) as site:
        daemon = Process(site)
        await daemon.start()
        site.erp.gate.clear()
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(site.post("S"))
            async with asyncio.timeout(10):
                while not site.erp.requests:  # noqa: ASYNC110 - the process announces nothing
                    await asyncio.sleep(0.005)
            stopping = group.create_task(daemon.stop())
            status, content = await waiting
            site.erp.gate.set()
            await stopping
        assert (status, content["outcome"]) == (202, "accepted")
