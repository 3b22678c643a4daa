"""HTTP peers: a client that repeats until it gets a 2xx, and a server that keeps what it is sent."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

from aiohttp import web

from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tests.conformance.ports import LOOPBACK, free_port


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

    waived: ClassVar[Mapping[str, str]] = {
        "test_is_lost_when_the_peer_is_gone": "clients come and go; a listener has no peer that it could lose",
        "test_cannot_be_opened_without_its_peer": "clients come and go; a listener has no peer that it could miss",
    }

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._inbound, self._outbound = free_port(), free_port()
        self._client = ThreadPoolExecutor(1)
        self._over = threading.Event()
        self._numbers = itertools.count()
        self._server: web.AppRunner | None = None
        self._taken: list[bytes] = []

    async def start(self) -> None:
        """Serve."""
        if self._server is None:
            app = web.Application()
            app.router.add_post("/items/{id}", self._take)
            app.router.add_get("/items/{id}", self._find)
            self._server = web.AppRunner(app, shutdown_timeout=0.1)
            await self._server.setup()
            await web.TCPSite(self._server, LOOPBACK, self._outbound, reuse_address=True).start()

    async def stop(self) -> None:
        """Serve no more, and send no more."""
        if self._server is not None:
            await self._server.cleanup()
            self._server = None

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
        return {"url": f"http://{LOOPBACK}:{self._outbound}", "timeout": "2s"}

    def settings(self, role: Role) -> Mapping[str, object]:
        """One path for all."""
        return {"path": "/items"} if role == "source" else {"path": "/items/{{ id }}"}

    async def produce(self, body: bytes) -> Produced:
        """Post, and post again until it is taken."""
        return Posted(self._client.submit(self._post, body, next(self._numbers)))

    def _post(self, body: bytes, number: int) -> int:
        while not self._over.is_set():
            connection = http.client.HTTPConnection(LOOPBACK, self._inbound, timeout=5)
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
