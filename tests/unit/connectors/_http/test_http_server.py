"""The server that listening connectors share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from tundish_connectors._http.server import BodyTooLong, HttpServer, read_body

from tundish.errors import NotConnected

pytestmark = pytest.mark.anyio


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the body, up to ten bytes."""
    try:
        response = Response(await read_body(Request(scope, receive), 10, 0.2))
    except BodyTooLong:
        response = Response(status_code=413)
    except TimeoutError:
        response = Response(status_code=408, headers={"connection": "close"})
    await response(scope, receive, send)


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    """One that listens."""
    made = HttpServer("127.0.0.1:0", echo, None, timeout=0.3, max_connections=2)
    await made.open()
    await made.listen()
    await made.listen()
    yield made
    await made.close()
    await made.close()


async def said(server: HttpServer, *parts: bytes) -> bytes:
    """The first line of the answer to what is sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    async with asyncio.timeout(5):
        line = await reader.readline()
    writer.close()
    return line.strip()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"Content-Length: 4\r\n\r\nbody", b"200 OK"),
        (b"Content-Length: 11\r\n\r\n01234567890", b"413 Request Entity Too Large"),
        (b"Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n", b"413 Request Entity Too Large"),
        (b"Content-Length: 4\r\n\r\nbo", b"408 Request Timeout"),
        (b"X: " + b"x" * 70_000, b"431 Request Header Fields Too Large"),
        (b"X: never ends", b"408 Request Timeout"),
    ],
)
async def test_every_request_is_answered_in_time(server: HttpServer, sent: bytes, status: bytes) -> None:
    assert await said(server, b"POST / HTTP/1.1\r\nHost: a\r\n", sent) == b"HTTP/1.1 " + status


async def test_more_connections_than_allowed_are_sent_away(server: HttpServer) -> None:
    held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
    assert await said(server) == b"HTTP/1.1 503 Service Unavailable"
    for _, writer in held:
        writer.close()


async def test_an_address_that_is_taken(server: HttpServer) -> None:
    second = HttpServer(f"127.0.0.1:{server.port}", echo, None, timeout=1, max_connections=1)
    with pytest.raises(NotConnected, match="cannot listen on 127"):
        await second.open()
    await second.close()
