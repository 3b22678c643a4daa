"""A system that answers as a test wants, and a route that calls it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import Stand, Workbench, outgoing
from tundish.errors import DeliveryError
from tundish.sdk import connector
from tundish.sdk.tls import TlsSettings, server_context

SPEC = connector("rest")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def system(handler: Handler, *, tls: TlsSettings | None = None) -> AsyncIterator[str]:
    """A system that answers every request with `handler`. Gives its URL."""
    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{any:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    context = server_context(tls) if tls is not None else None
    try:
        await web.TCPSite(runner, LOOPBACK, 0, ssl_context=context).start()
        yield f"{'https' if tls else 'http'}://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def stand(bench: Workbench, url: str, settings: dict[str, object] | None = None, **connection: object) -> Stand:
    """A destination."""
    return bench.stand(
        SPEC, SPEC.destination, {"url": url, "timeout": "1s", **connection}, settings or {"path": "/a/{{ id }}"}
    )


async def refusal(bench: Workbench, url: str, **connection: Any) -> DeliveryError:
    """What a delivery raises."""
    under_test = stand(bench, url, **connection)
    await under_test.open()
    with pytest.raises(DeliveryError) as caught:
        await under_test.destination.deliver(outgoing(1))
    return caught.value
