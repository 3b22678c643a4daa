"""What the line does to a delivery: nothing is sent twice unseen, and nothing waits for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.proxy import Proxy
from tests.conformance.soap_peers import NodeServer
from tests.conformance.stand import Stand, Workbench, until
from tests.integration.connectors.soap.soap_stands import calling, confirmation
from tundish.errors import DeliveryError, Unknown

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def behind(node: NodeServer) -> AsyncIterator[Proxy]:
    """A line to the server."""
    proxy = Proxy(free_port(), node.port)
    await proxy.start()
    try:
        yield proxy
    finally:
        proxy.thaw()
        await proxy.stop()


def through(bench: Workbench, proxy: Proxy, **connection: object) -> Stand:
    """A destination at the other end."""
    return calling(bench, f"http://{LOOPBACK}:{proxy.port}/erp", None, "r", **connection)


async def attempt(stand: Stand, order: str = "4711") -> str:
    """`delivered`, or the name of the error's class."""
    try:
        await stand.destination.deliver(confirmation(order=order))
    except DeliveryError as error:
        return type(error).__name__
    return "delivered"


async def test_a_half_open_line_ends_with_the_operation_timeout(node: NodeServer, bench: Workbench) -> None:
    async with behind(node) as proxy:
        stand = through(bench, proxy, operation_timeout="300ms")
        await stand.open()
        assert await attempt(stand) == "delivered"
        proxy.freeze()
        begun = time.monotonic()
        assert await attempt(stand) == Unknown.__name__
        assert time.monotonic() - begun < 2
        proxy.thaw()
        assert await attempt(stand) == "delivered"


async def test_an_answer_that_trickles_is_given_up(node: NodeServer, bench: Workbench) -> None:
    async with behind(node) as proxy:
        stand = through(bench, proxy, operation_timeout="400ms")
        await stand.open()
        proxy.delay(0.3)
        assert await attempt(stand) == Unknown.__name__


async def test_closing_gives_a_call_up_at_once(node: NodeServer, bench: Workbench) -> None:
    stand = calling(bench, f"{node.url}/erp")
    await stand.open()
    ended: list[str] = []

    async def deliver() -> None:
        ended.append(await attempt(stand, "slow"))

    async with asyncio.TaskGroup() as group:
        group.create_task(deliver())
        await asyncio.sleep(0.2)
        begun = time.monotonic()
        await stand.close()
        await until(lambda: bool(ended))
        assert time.monotonic() - begun < 1
    assert ended == [Unknown.__name__]


async def test_a_call_that_is_cancelled_ends_whatever_it_waits_for(node: NodeServer, bench: Workbench) -> None:
    async with behind(node) as proxy:
        stand = through(bench, proxy)
        await stand.open()
        proxy.freeze()
        for turns in range(20):
            call = asyncio.get_running_loop().create_task(stand.destination.deliver(confirmation()))
            for _ in range(turns):
                await asyncio.sleep(0)
            call.cancel()
            await asyncio.wait([call], timeout=1)
            assert call.cancelled(), f"it goes on after {turns} turns of the loop"


async def test_restarts_of_the_server_between_deliveries(node: NodeServer, bench: Workbench) -> None:
    stand = calling(bench, f"{node.url}/erp")
    await stand.open()
    for _ in range(3):
        assert await attempt(stand) == "delivered"
        await node.stop()
        await node.start()
        # A connection that the server left behind may be found dead while a request is written on it.
        assert await attempt(stand) in {"delivered", "Unknown", "Transient"}
        assert await attempt(stand) == "delivered"
