"""Peers whose machine vanishes, and peers that take their time, at the deadlines that connections have."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time

import pytest
from aiohttp import web

from tests.conformance.black_hole import needs_black_hole, swallow
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.proxy import Proxy
from tests.conformance.stand import Workbench, outgoing
from tests.integration.connectors.rest.calling import stand, system
from tests.integration.connectors.rest.listening import Listening
from tundish.errors import Transient
from tundish.sdk import SILENCE

pytestmark = [pytest.mark.anyio, needs_black_hole]

NOTICED_WITHIN = 15.0
TIMEOUT = "30s"
"""The default."""
LONG = 900_000
"""Bytes that a kernel has no room for."""
REQUEST = b"POST /orders HTTP/1.1\r\nHost: here\r\nContent-Length: 1\r\n\r\n1"


async def a_slow_system_is_waited_for(bench: Workbench) -> None:
    """It may take longer than a line may be silent."""

    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(SILENCE.longest + 2)
        return web.Response()

    async with system(answer) as url:
        under_test = stand(bench, url, timeout=TIMEOUT)
        await under_test.open()
        await under_test.destination.deliver(outgoing(1))


async def a_system_that_reads_late_is_waited_for(bench: Workbench) -> None:
    """Its kernel has no room for the rest of a long request, and answers that it lives."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):  # whoever only looks says nothing
            await asyncio.sleep(SILENCE.longest + 3)
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(LONG)
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    # The reader's own buffer stays small, so that the kernel's fills.
    async with await asyncio.start_server(serve, LOOPBACK, limit=1024) as server:
        port = server.sockets[0].getsockname()[1]
        under_test = stand(bench, f"http://{LOOPBACK}:{port}", {"path": "/late"}, timeout=TIMEOUT)
        await under_test.open()
        await under_test.destination.deliver(outgoing(3, b"1" * LONG))


async def a_system_that_vanished_is_not_connected(bench: Workbench) -> None:
    """Nothing was sent, so that it may be sent again."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response()

    async with system(answer) as url:
        line = Proxy(free_port(), int(url.rpartition(":")[2]))
        await line.start()
        under_test = stand(bench, f"http://{LOOPBACK}:{line.port}", timeout=TIMEOUT)
        await under_test.open()
        await line.vanish()
        begun = time.monotonic()
        with pytest.raises(Transient, match="cannot be reached"):
            await under_test.destination.deliver(outgoing(2))
        assert time.monotonic() - begun < NOTICED_WITHIN
        line.thaw()
        await line.stop()


async def a_client_that_vanished_is_forgotten(bench: Workbench) -> None:
    """It waits for an answer, and takes the place of another client."""
    listening = Listening(bench, max_connections=1)
    listening.intake.gate.clear()
    await listening.start()
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setblocking(False)
        await loop.sock_connect(client, (LOOPBACK, listening.port))
        await loop.sock_sendall(client, REQUEST)
        await listening.intake.wait_for(1, offered=True)
        await asyncio.sleep(0.3)
        swallow(client)
        begun = time.monotonic()
        assert b" 503 " in await listening.raw(REQUEST)
        while b" 503 " in await listening.raw(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"):
            assert time.monotonic() - begun < NOTICED_WITHIN
            await asyncio.sleep(0.1)


async def test_a_peer_that_vanishes_is_noticed_and_a_slow_one_is_waited_for(bench: Workbench) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(a_slow_system_is_waited_for(bench))
        group.create_task(a_system_that_reads_late_is_waited_for(bench))
        group.create_task(a_system_that_vanished_is_not_connected(bench))
        group.create_task(a_client_that_vanished_is_forgotten(bench))
