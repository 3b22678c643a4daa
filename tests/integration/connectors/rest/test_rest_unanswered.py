"""Deliveries to which there is no answer: whether the system may have taken them."""

from __future__ import annotations

import asyncio
import struct
import time
from socket import SO_LINGER, SOL_SOCKET

import pytest
from aiohttp import web

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import Workbench
from tests.integration.connectors.rest.calling import refusal, system
from tundish.errors import Transient, Unknown

pytestmark = pytest.mark.anyio


async def test_nobody_listens(bench: Workbench) -> None:
    assert type(await refusal(bench, f"http://{LOOPBACK}:{free_port()}")) is Transient


async def test_no_answer_in_time_is_unknown(bench: Workbench) -> None:
    async def sleep(request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async with system(sleep) as url:
        begun = time.monotonic()
        assert type(await refusal(bench, url, timeout="300ms")) is Unknown
        assert time.monotonic() - begun < 3


async def test_a_connection_that_breaks_after_sending_is_unknown(bench: Workbench) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    server = await asyncio.start_server(cut, LOOPBACK, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert type(await refusal(bench, f"http://{LOOPBACK}:{port}")) is Unknown


@pytest.mark.parametrize("said", [b"junk\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"])
async def test_an_answer_that_is_none_is_unknown(bench: Workbench, said: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, LOOPBACK, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert type(await refusal(bench, f"http://{LOOPBACK}:{port}")) is Unknown


async def test_a_system_that_does_not_take_the_connection_is_transient(bench: Workbench) -> None:
    # A full backlog: the kernel answers nothing, as a firewall that drops does.
    import socket

    with socket.socket() as full:
        full.bind((LOOPBACK, 0))
        full.listen(0)
        where = full.getsockname()
        blockers = [socket.socket() for _ in range(4)]
        for blocker in blockers:
            blocker.setblocking(False)
            blocker.connect_ex(where)
        try:
            assert type(await refusal(bench, f"http://{LOOPBACK}:{where[1]}", timeout="500ms")) is Transient
        finally:
            for blocker in blockers:
                blocker.close()
