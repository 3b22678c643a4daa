"""A system that answers as a test wants, and a route that calls it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from tests.conformance.http_service import Handler, everything, http_service
from tests.conformance.stand import Stand, Workbench, outgoing
from tundish.errors import DeliveryError
from tundish.sdk import TlsSettings, connector

SPEC = connector("rest")


def system(handler: Handler, *, tls: TlsSettings | None = None) -> AbstractAsyncContextManager[str]:
    """A system that answers every request with `handler`. Gives its URL."""
    return http_service(everything(handler), tls=tls)


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
