"""HTTP peers: a client that repeats until it gets a 2xx, and a server that keeps what it is sent."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

from aiohttp import web

from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tests.conformance.http_service import HttpService
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.proxy import Proxy
from tundish.model import Unit


class Posted(Produced):
    """A request that is on its way."""

    def __init__(self, status: Future[int]) -> None:
        self._status = status

    @property
    def is_acknowledged(self) -> bool:
        """A 2xx came."""
        return self._status.done() and 200 <= self._status.result() < 300


class Harness(PeerHarness):
    """One client thread, so that requests are sent in order, each after the answer to the one before."""

    insists: ClassVar[bool] = True
    asks: ClassVar[bool] = True
    waived: ClassVar[Mapping[str, str]] = {
        "test_is_lost_when_the_peer_is_gone": "clients come and go; a listener has no peer that it could lose",
        "test_cannot_be_opened_without_its_peer": "clients come and go; a listener has no peer that it could miss",
    }

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._inbound, outbound = free_port(), free_port()
        self._to_us, self._from_us = Proxy(free_port(), self._inbound), Proxy(free_port(), outbound)
        self._client = ThreadPoolExecutor(1)
        self._over = threading.Event()
        self._numbers = itertools.count()
        self._server = HttpService(
            web.post("/items/{id}", self._take), web.get("/items/{id}", self._find), port=outbound
        )
        self._taken: list[bytes] = []

    async def start(self) -> None:
        """Serve."""
        await self._server.start()
        for line in (self._to_us, self._from_us):
            await line.start()

    async def stop(self) -> None:
        """Serve no more, and send no more."""
        for line in (self._to_us, self._from_us):
            await line.stop()
        await self._server.stop()

    async def finish(self) -> None:
        """Let the client go."""
        self._over.set()
        self._client.shutdown(wait=True, cancel_futures=True)

    async def _take(self, request: web.Request) -> web.Response:
        self._taken.append(await request.read())
        return web.json_response({"id": request.match_info["id"]}, status=201)

    async def _find(self, request: web.Request) -> web.Response:
        return web.json_response({"id": request.match_info["id"]})

    def connection(self, role: Role) -> Mapping[str, object]:
        """The address to listen on, or to call."""
        if role == "source":
            return {"listen": f"{LOOPBACK}:{self._inbound}"}
        return {"url": f"http://{LOOPBACK}:{self._from_us.port}", "timeout": "10s"}

    def line(self, role: Role) -> Proxy:
        """One for each direction in which somebody calls."""
        return self._to_us if role == "source" else self._from_us

    def patience(self, seconds: int) -> Mapping[str, object]:
        """It waits so long for an answer; a listener does not wait."""
        return {"timeout": f"{seconds}s"}

    def settings(self, role: Role) -> Mapping[str, object]:
        """One path for all."""
        return {"path": "/items"} if role == "source" else {"path": "/items/{{ id }}"}

    async def produce(self, body: bytes) -> Produced:
        """Post, and post again until it is taken."""
        return Posted(self._client.submit(self._post, body, next(self._numbers)))

    def _post(self, body: bytes, number: int) -> int:
        while not self._over.is_set():
            connection = http.client.HTTPConnection(LOOPBACK, self._to_us.port, timeout=5)
            try:
                connection.request("POST", "/items", body, {"Idempotency-Key": f"unit-{number}"})
                status = connection.getresponse().status
                if status < 300:
                    return status
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            time.sleep(0.05)
        return 0

    async def collected(self) -> list[bytes]:
        """Bodies of the requests."""
        return list(self._taken)


class Listed(Produced):
    """A record in a system's list."""

    def __init__(self, harness: PolledHarness, number: int) -> None:
        self._harness = harness
        self._number = number

    @property
    def is_acknowledged(self) -> bool:
        """Somebody asked for what comes behind it."""
        return self._harness.asked_behind >= self._number


class PolledHarness(PeerHarness):
    """A system that is asked: one record in a page, and a link to the next page."""

    roles: ClassVar[frozenset[Role]] = frozenset({"source"})
    asks: ClassVar[bool] = True
    meta: ClassVar[frozenset[str]] = frozenset({"path", "page", "watermark"})

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._server = HttpService(web.get("/items", self._page), port=free_port())
        self._line = Proxy(free_port(), self._server.port)
        self._records: list[str] = []
        self.asked_behind = 0

    async def start(self) -> None:
        """Serve."""
        await self._server.start()
        await self._line.start()

    async def stop(self) -> None:
        """Serve no more; the records stay."""
        await self._line.stop()
        await self._server.stop()

    async def _page(self, request: web.Request) -> web.Response:
        """The first record behind `after`, and not before `since`, which may have been taken already."""
        since, after = int(request.query["since"]), int(request.query.get("after", 0))
        self.asked_behind = max(self.asked_behind, since, after)
        first = max(since, after + 1, 1)
        found = [
            {"n": number, "body": self._records[number - 1]} for number in range(first, len(self._records) + 1)[:1]
        ]
        more = {"next": f"/items?since={since}&after={first}"} if first < len(self._records) else {}
        return web.json_response({"items": found, **more})

    def connection(self, role: Role) -> Mapping[str, object]:
        """The system's address."""
        return {"url": f"http://{LOOPBACK}:{self._line.port}", "timeout": "10s"}

    def line(self, role: Role) -> Proxy:
        """The one way to the system."""
        return self._line

    def patience(self, seconds: int) -> Mapping[str, object]:
        """It waits so long for an answer."""
        return {"timeout": f"{seconds}s"}

    def settings(self, role: Role) -> Mapping[str, object]:
        """Ask often."""
        return {
            "poll": {
                "path": "/items",
                "every": "20ms",
                "items": "items",
                "query": {"since": "{{ watermark }}"},
                "watermark": {"by": "n", "start": 0},
                "pages": {"next": "next"},
            }
        }

    async def produce(self, body: bytes) -> Produced:
        """One more record."""
        self._records.append(body.decode())
        return Listed(self, len(self._records))

    def body_of(self, unit: Unit) -> bytes:
        """A field of the record."""
        assert isinstance(unit.body, bytes)
        body: str = json.loads(unit.body)["body"]
        return body.encode()


VARIANTS = {"poll": PolledHarness}
"""Other ways to use the connector."""
