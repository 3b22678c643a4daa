"""A simulated ERP: it books what it is sent, every time it is sent, and it fails in the ways that ERPs fail.

It recognises no repeats on purpose: whatever is booked twice was sent twice.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal, InvalidOperation

from aiohttp import web

from tundish_connectors.demo_plant.endpoints import LOOPBACK
from tundish_connectors.demo_plant.web_server import accepts_key, serving

SILENCE = 4.0
"""Seconds without an answer after a booking; longer than any client of the demo waits."""


class Erp:
    """Books confirmations, goods movements and customer orders, and counts the bookings per identifier."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key
        self._closed_until = 0.0
        self._requests_before_maintenance = 0
        self._maintenance_seconds = 0.0
        self.confirmations: Counter[str] = Counter()
        self.movements: Counter[str] = Counter()
        self.customer_orders: Counter[str] = Counter()
        self.refused_orders: set[str] = set()
        """Orders that are closed: everything about them is answered with 400."""
        self.silent_after_booking: set[str] = set()
        """Identifiers that are booked without an answer, once each."""

    def plan_maintenance(self, *, after_requests: int, seconds: float) -> None:
        """Answer 503 for a while, beginning with the request that follows."""
        self._requests_before_maintenance = after_requests
        self._maintenance_seconds = seconds

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Listen on a free port of loopback. Gives the base URL."""
        app = web.Application(middlewares=[accepts_key(self._api_key)])
        app.router.add_post("/api/confirmations", self._confirm)
        app.router.add_post("/api/goods-movements", self._move)
        app.router.add_post("/api/customer-orders", self._order)
        app.router.add_get("/api/customer-orders/{id}", self._find_customer_order)
        app.router.add_get("/api/confirmations/{id}", self._find_confirmation)
        app.router.add_get("/api/goods-movements/{id}", self._find_movement)
        async with serving(app, LOOPBACK) as url:
            yield url

    async def _confirm(self, request: web.Request) -> web.Response:
        return await self._book(
            request, self.confirmations, ("Id", "Order", "Operation", "Yield", "Unit", "FinishedAt")
        )

    async def _move(self, request: web.Request) -> web.Response:
        return await self._book(request, self.movements, ("Id", "Order", "Material", "Quantity", "Unit", "PostedAt"))

    async def _order(self, request: web.Request) -> web.Response:
        return await self._book(request, self.customer_orders, ("Id", "Order", "Quantity", "Lines"))

    async def _book(self, request: web.Request, book: Counter[str], required: tuple[str, ...]) -> web.Response:
        if self._in_maintenance():
            return web.json_response({"error": "maintenance, come back soon"}, status=503)
        body = await request.json()
        missing = [name for name in required if body.get(name) in (None, "")]
        if missing:
            return web.json_response({"error": f"missing: {', '.join(missing)}"}, status=400)
        if not _is_number(body.get("Yield", body.get("Quantity"))):
            return web.json_response({"error": "the quantity is no number"}, status=400)
        if body["Order"] in self.refused_orders:
            return web.json_response({"error": f"order {body['Order']} is closed for posting"}, status=400)
        ident = body["Id"]
        book[ident] += 1
        if ident in self.silent_after_booking:
            self.silent_after_booking.discard(ident)
            await asyncio.sleep(SILENCE)
        return web.json_response({"id": ident, "document": f"49{book.total():08d}"}, status=201)

    def _in_maintenance(self) -> bool:
        if self._requests_before_maintenance:
            self._requests_before_maintenance -= 1
            if not self._requests_before_maintenance:
                self._closed_until = time.monotonic() + self._maintenance_seconds
        return time.monotonic() < self._closed_until

    async def _find_confirmation(self, request: web.Request) -> web.Response:
        return _found(request.match_info["id"], self.confirmations)

    async def _find_movement(self, request: web.Request) -> web.Response:
        return _found(request.match_info["id"], self.movements)

    async def _find_customer_order(self, request: web.Request) -> web.Response:
        return _found(request.match_info["id"], self.customer_orders)


def _found(ident: str, book: Counter[str]) -> web.Response:
    if ident not in book:
        return web.json_response({"error": "unknown"}, status=404)
    return web.json_response({"id": ident, "status": "booked"})


def _is_number(value: object) -> bool:
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False
