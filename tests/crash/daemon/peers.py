"""The world around a daemon that is killed: the process itself, clients that send, and a system that books."""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from tests.conformance.http_service import http_service
from tests.conformance.ports import free_port

PROJECT = {
    "tundish.yaml": "tundish: 1\n",
    "connections/peers.yaml": """\
connections:
  inbound:
    rest: {{listen: "127.0.0.1:{inbound}"}}  # tundish: ignore TD403
  erp:
    rest: {{url: "http://127.0.0.1:{erp}", timeout: 5s}}
""",
    "routes/bookings.yaml": """\
route: bookings
from:
  rest: {{connection: inbound, path: /bookings}}
key: order
once: [id]
after_dead_letter: continue
to:
  erp:
    rest: {{connection: erp, method: POST, path: /booked}}
    retry: {{attempts: 8, backoff: 20ms..100ms}}
""",
}


@dataclass
class Site:
    """Where the daemon of a test lives, and where its peers are."""

    project: Path
    data: Path
    inbound: int
    erp: int

    @classmethod
    def build(cls, folder: Path) -> Site:
        """Write the project."""
        site = cls(folder / "project", folder / "data", free_port(), free_port())
        for name, text in PROJECT.items():
            path = site.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(inbound=site.inbound, erp=site.erp))
        return site


@dataclass
class Booking:
    """One request that the ERP got."""

    id: str
    order: str
    step: int
    idempotency_key: str
    status: int
    life: int
    """Which life of the daemon sent it."""


@dataclass
class Erp:
    """Books what it is sent, and remembers every request. Sometimes it is busy; poison it refuses for good."""

    busy: float = 0.03
    """How often it answers 503."""
    requests: list[Booking] = field(default_factory=list)
    life: int = 0
    on_request: Callable[[str], None] = lambda _: None
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - repeatable, no secret

    def booked(self) -> list[Booking]:
        """The requests that were answered with success."""
        return [booking for booking in self.requests if booking.status == 200]

    async def _book(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        status = 400 if body.get("poison") else 503 if self.chance.random() < self.busy else 200
        self.on_request(body["id"])
        await asyncio.sleep(0)
        key = request.headers["Idempotency-Key"]
        self.requests.append(Booking(body["id"], body["order"], body["step"], key, status, self.life))
        return web.Response(status=status)

    def listening(self, port: int) -> AbstractAsyncContextManager[str]:
        """Answer at this port until the block ends."""
        return http_service(web.post("/booked", self._book), port=port)


@dataclass
class Clients:
    """Machines that report steps of orders: the next step of an order only when the one before was acknowledged.

    What was not acknowledged is sent again, as it was.
    """

    port: int
    acknowledged: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    repeats: int = 0
    """Requests whose answer said that the message was known."""
    poison: set[str] = field(default_factory=set)
    _stop: bool = False

    def stop(self) -> None:
        """Send no new step; those on their way are sent until they are acknowledged."""
        self._stop = True

    async def run(self, client: int, orders: int = 4) -> None:
        """One machine with some orders."""
        step = 0
        async with ClientSession(timeout=ClientTimeout(total=5)) as session:
            while not self._stop:
                order = f"WO-{client}-{step % orders}"
                body = {"id": f"{order}/{step}", "order": order, "step": step}
                if step % 97 == 96:
                    body["poison"] = True
                    self.poison.add(str(body["id"]))
                await self._until_acknowledged(session, json.dumps(body).encode())
                self.acknowledged[order].append(step)
                step += 1

    async def _until_acknowledged(self, session: ClientSession, body: bytes) -> None:
        url = f"http://127.0.0.1:{self.port}/bookings"
        while True:
            try:
                async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as response:
                    if response.status < 300:
                        self.repeats += response.status == 200
                        return
            except (ClientError, OSError, TimeoutError):
                await asyncio.sleep(0.01)
            else:
                await asyncio.sleep(0.01)
