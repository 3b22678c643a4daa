"""A simulated MES: it takes work orders and keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tundish_connectors.demo_plant.endpoints import LOOPBACK
from tundish_connectors.demo_plant.web_server import accepts_key, serving


class Mes:
    """Takes work orders; `orders` counts how often each one came."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key
        self.orders: Counter[str] = Counter()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Listen on a free port of loopback. Gives the base URL."""
        app = web.Application(middlewares=[accepts_key(self._api_key)])
        app.router.add_put("/orders/{order}", self._take)
        async with serving(app, LOOPBACK) as url:
            yield url

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.json()
        order = request.match_info["order"]
        if body.get("order") != order or not body.get("steps"):
            return web.json_response({"error": "an order needs its number and its steps"}, status=422)
        self.orders[order] += 1
        return web.json_response({"order": order, "state": "queued"}, status=201)
