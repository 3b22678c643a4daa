"""Changes that systems guard: SAP's tokens and sessions, refusals in a 200, several messages in one request."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import Stand, Workbench, outgoing
from tests.integration.connectors.rest.calling import system
from tundish.errors import AuthFailed, DeliveryError, Rejected, Throttled, Transient, Unknown
from tundish.model import Outgoing, Receipt
from tundish.sdk import connector

pytestmark = pytest.mark.anyio

SPEC = connector("rest")


def sending(bench: Workbench, url: str, settings: dict[str, object] | None = None, **connection: object) -> Stand:
    """A destination."""
    made = {"path": "/a", **(settings or {})}
    return bench.stand(SPEC, SPEC.destination, {"url": url, "timeout": "2s", **connection}, made)


class Gateway:
    """What SAP's gateway enforces: a change needs the token of a session, and sessions end."""

    def __init__(self) -> None:
        self.sessions: dict[str, str] = {}
        self.fetches = 0
        self.changes: list[str] = []
        self.gives_tokens = True

    async def handle(self, request: web.Request) -> web.Response:
        """Fetch, or change."""
        session = request.cookies.get("SAP_SESSIONID", "")
        token = request.headers.get("X-CSRF-Token", "")
        if request.method == "GET":
            if token != "Fetch" or not self.gives_tokens:
                return web.json_response({})
            self.fetches += 1
            session, fresh = secrets.token_hex(4), secrets.token_urlsafe(8)
            self.sessions[session] = fresh
            answer = web.json_response({"d": {"EntitySets": []}}, headers={"x-csrf-token": fresh})
            answer.set_cookie("SAP_SESSIONID", session, path="/")
            answer.set_cookie("sap-usercontext", "sap-client=100", path="/")
            return answer
        if self.sessions.get(session) != token or not token:
            return web.Response(status=403, text="CSRF token validation failed", headers={"x-csrf-token": "Required"})
        self.changes.append(session)
        return web.Response(status=201)


async def test_a_token_is_fetched_once_and_again_when_the_session_ended(bench: Workbench) -> None:
    gateway = Gateway()
    async with system(gateway.handle) as url:
        to = sending(bench, url, csrf={"path": "/root"})
        await to.open()
        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(to.destination.deliver(outgoing(number)))
        assert (gateway.fetches, len(gateway.changes)) == (1, 5)
        gateway.sessions.clear()
        await to.destination.deliver(outgoing(6))
        assert (gateway.fetches, len(gateway.changes)) == (2, 6)
        gateway.gives_tokens = False
        gateway.sessions.clear()
        with pytest.raises(AuthFailed, match="gave no X-CSRF-Token"):
            await to.destination.deliver(outgoing(7))
    assert len(gateway.changes) == 6


async def test_without_csrf_the_refusal_says_so(bench: Workbench) -> None:
    gateway = Gateway()
    async with system(gateway.handle) as url:
        to = sending(bench, url)
        await to.open()
        with pytest.raises(AuthFailed, match="'csrf'"):
            await to.destination.deliver(outgoing(1))
    assert gateway.fetches == 0


async def test_a_token_that_cannot_be_fetched_sends_nothing(bench: Workbench) -> None:
    async def slow(request: web.Request) -> web.Response:
        assert request.method == "GET"
        await asyncio.sleep(3)
        return web.Response()

    async with system(slow) as url:
        to = sending(bench, url, csrf={}, timeout="300ms")
        await to.open()
        with pytest.raises(Transient):
            await to.destination.deliver(outgoing(1))


async def test_an_answer_of_200_that_means_no(bench: Workbench) -> None:
    said: list[dict[str, Any]] = [{"status": "S"}, {"status": "E", "message": "Period 10/2026 is closed"}, {"other": 1}]

    async def take(request: web.Request) -> web.Response:
        return web.json_response(said.pop(0))

    async with system(take) as url:
        to = sending(bench, url, {"refused_if": "body.status == 'E'"})
        await to.open()
        await to.destination.deliver(outgoing(1))
        with pytest.raises(Rejected, match="'refused_if' is true: Period 10/2026 is closed") as caught:
            await to.destination.deliver(outgoing(2))
        await to.destination.deliver(outgoing(3))
    assert caught.value.facts["body"] == {"status": "E", "message": "Period 10/2026 is closed"}


async def test_retry_after_as_a_date(bench: Workbench) -> None:
    async def busy(request: web.Request) -> web.Response:
        later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
        return web.Response(status=503, headers={"Retry-After": later})

    async with system(busy) as url:
        to = sending(bench, url)
        await to.open()
        with pytest.raises(Throttled) as caught:
            await to.destination.deliver(outgoing(1))
    assert 80 < caught.value.seconds <= 90


async def test_a_proxy_is_used_only_where_it_is_asked_for(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    through: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        through.append(str(request.url))
        return web.Response()

    monkeypatch.setenv("http_proxy", f"http://{LOOPBACK}:{free_port()}")
    monkeypatch.setenv("HTTP_PROXY", f"http://{LOOPBACK}:{free_port()}")
    async with system(handle) as url:
        straight = sending(bench, url)
        await straight.open()
        await straight.destination.deliver(outgoing(1))
        asking = sending(bench, "http://erp.invalid:8000/base", proxy=url)
        await asking.open()
        await asking.destination.deliver(outgoing(2))
    assert through == [f"{url}/a", "http://erp.invalid:8000/base/a"]
    gone = sending(bench, "http://erp.invalid:8000", proxy=f"http://{LOOPBACK}:{free_port()}")
    await gone.open()
    with pytest.raises(Transient):
        await gone.destination.deliver(outgoing(3))


class Bulk:
    """A system that takes lists, and refuses a list with poison in it."""

    def __init__(self) -> None:
        self.requests: list[list[int]] = []
        self.keys: list[str] = []
        self.status = 200

    async def handle(self, request: web.Request) -> web.Response:
        """Take a list."""
        numbers = [record["n"] for record in await request.json()]
        self.requests.append(numbers)
        self.keys.append(request.headers["Idempotency-Key"])
        await asyncio.sleep(0.02)
        return web.Response(status=400 if 13 in numbers else self.status)


async def outcomes(to: Stand, messages: Sequence[Outgoing]) -> list[Receipt | DeliveryError]:
    """What becomes of messages that are delivered at the same time."""

    async def one(message: Outgoing) -> Receipt | DeliveryError:
        try:
            return await to.destination.deliver(message)
        except DeliveryError as error:
            return error

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(message)) for message in messages]
    return [task.result() for task in tasks]


async def test_messages_travel_together(bench: Workbench) -> None:
    bulk = Bulk()
    async with system(bulk.handle) as url:
        to = sending(bench, url, {"batch": {"size": 10, "within": "50ms"}})
        await to.open()
        found = await outcomes(to, [outgoing(number) for number in range(100, 125)])
    assert all(isinstance(outcome, Receipt) for outcome in found)
    assert sorted(len(numbers) for numbers in bulk.requests) == [5, 10, 10]
    assert sorted(number for numbers in bulk.requests for number in numbers) == list(range(100, 125))
    assert len(set(bulk.keys)) == 3


async def test_one_bad_message_does_not_take_a_batch_along(bench: Workbench) -> None:
    bulk = Bulk()
    async with system(bulk.handle) as url:
        to = sending(bench, url, {"batch": {"size": 5, "within": "50ms"}})
        await to.open()
        found = await outcomes(to, [outgoing(number) for number in range(11, 16)])
    assert [type(outcome) for outcome in found] == [Receipt, Receipt, Rejected, Receipt, Receipt]
    assert bulk.requests == [[11, 12, 13, 14, 15], [11], [12], [13], [14], [15]]
    assert bulk.keys[1:] == [f"key-{number:05d}" for number in range(11, 16)]


async def test_a_batch_that_meets_a_fault_is_tried_again_as_a_whole(bench: Workbench) -> None:
    bulk = Bulk()
    bulk.status = 500
    async with system(bulk.handle) as url:
        to = sending(bench, url, {"batch": {"size": 3}})
        await to.open()
        found = await outcomes(to, [outgoing(number) for number in range(3)])
        assert {type(outcome) for outcome in found} == {Transient}
    found = await outcomes(to, [outgoing(number) for number in range(3)])
    assert {type(outcome) for outcome in found} <= {Transient, Unknown}


async def test_messages_for_different_places_do_not_share_a_request(bench: Workbench) -> None:
    seen: list[tuple[str, list[int]]] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append((request.path, [record["n"] for record in json.loads(await request.read())]))
        return web.Response()

    async with system(handle) as url:
        to = sending(bench, url, {"path": "/{{ plant }}/a", "batch": {"size": 4, "within": "50ms"}})
        await to.open()
        await outcomes(to, [outgoing(number, plant="odd" if number % 2 else "even") for number in range(4)])
    assert sorted(seen) == [("/even/a", [0, 2]), ("/odd/a", [1, 3])]
