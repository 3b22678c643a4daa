"""HTTP services of aiohttp whose answers a test writes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from aiohttp import web

from tests.conformance.ports import LOOPBACK
from tundish.sdk import TlsSettings, server_context

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HttpService:
    """Serves its routes on this machine; it can be stopped, and started again at the same port."""

    def __init__(self, *routes: web.RouteDef, port: int = 0, tls: TlsSettings | None = None) -> None:
        """Without a `port` it takes a free one when it starts."""
        self._routes = routes
        self._tls = tls
        self._runner: web.AppRunner | None = None
        self.port = port

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return f"{'https' if self._tls else 'http'}://{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Serve."""
        if self._runner is not None:
            return
        app = web.Application(client_max_size=2**30)
        app.add_routes(self._routes)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        context = server_context(self._tls) if self._tls is not None else None
        await web.TCPSite(self._runner, LOOPBACK, self.port, ssl_context=context, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Serve no more; may be called twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()


@asynccontextmanager
async def http_service(*routes: web.RouteDef, port: int = 0, tls: TlsSettings | None = None) -> AsyncIterator[str]:
    """Serve until the block ends. Gives the URL without a path."""
    service = HttpService(*routes, port=port, tls=tls)
    try:
        await service.start()
        yield service.url
    finally:
        await service.stop()


def everything(handler: Handler) -> web.RouteDef:
    """A route for every method and path."""
    return web.route("*", "/{any:.*}", handler)
