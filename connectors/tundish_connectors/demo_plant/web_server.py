"""What the simulated systems share as HTTP servers: a free port, and an API key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware


@asynccontextmanager
async def serving(app: web.Application, host: str) -> AsyncIterator[str]:
    """Serve an application on a free port. Gives its base URL."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, 0).start()
        port = runner.addresses[0][1]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def accepts_key(key: str) -> Middleware:
    """Middleware that answers 401 to requests without the `X-API-Key`."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("X-API-Key") != key:
            return web.json_response({"error": "who are you"}, status=401)
        return await handler(request)

    return check
