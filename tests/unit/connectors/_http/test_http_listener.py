"""The server that listening connectors share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import Held
from tundish.errors import NotConnected
from tundish_connectors._http.exchange import Request, answer_bytes
from tundish_connectors._http.listener import HttpListener

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Said:
    """An answer as a text."""

    status: int
    body: bytes
    media: str = "text/plain"
    headers: tuple[tuple[str, str], ...] = ()

    def encoded(self, *, close: bool, with_body: bool = True) -> bytes:
        """Head and body."""
        return answer_bytes(self.status, self.media, self.body, self.headers, close=close, with_body=with_body)


class Echo(HttpListener):
    """Answers with the body."""

    def begin(self, request: Request) -> Said | None:
        """Refuse one path."""
        return Said(404, b"nothing") if request.path == "/nothing" else None

    async def answer(self, request: Request) -> Said:
        """The same."""
        return Said(202, b"", media="") if request.path == "/empty" else Said(200, request.body)

    def refusal(
        self, request: Request | None, status: int, error: str, cure: str = "", *headers: tuple[str, str]
    ) -> Said:
        """The words, and whose request it was."""
        return Said(status, f"{request.path if request is not None else '?'}: {error}".encode(), headers=headers)


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[Held]:
    """Who owns the tasks."""
    async with asyncio.TaskGroup() as group:
        found = Held(group, "connection/echo", tmp_path)
        yield found
        await found.stop_tasks()


def made(held: Held, port: int = 0) -> Echo:
    """A listener of bodies up to ten bytes."""
    return Echo(f"{LOOPBACK}:{port}", held.context, None, timeout=0.3, largest_body=10, max_connections=2)


@pytest.fixture
async def listener(held: Held) -> AsyncIterator[Echo]:
    """One that listens."""
    found = made(held)
    await found.open()
    await found.listen()
    await found.listen()
    yield found
    await found.close()
    await found.close()


async def said(listener: Echo, *parts: bytes) -> bytes:
    """What is answered until the line is closed, or nothing more comes for a moment."""
    reader, writer = await asyncio.open_connection(LOOPBACK, listener.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    answer = b""
    while True:
        try:
            async with asyncio.timeout(0.2 if answer else 5):
                more = await reader.read(65536)
        except TimeoutError:
            break
        if not more:
            break
        answer += more
    writer.close()
    return answer


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
async def test_every_request_is_answered_in_time(listener: Echo, sent: bytes, status: bytes) -> None:
    answer = await said(listener, b"POST / HTTP/1.1\r\nHost: a\r\n", sent)
    assert answer.startswith(b"HTTP/1.1 " + status + b"\r\n")


async def test_a_refusal_is_in_the_words_of_the_connector(listener: Echo) -> None:
    """It is told the request as far as its head came."""
    answer = await said(listener, b"POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n01234567890")
    assert answer.endswith(b"\r\n\r\n/orders: the body is longer than 10 bytes")
    answer = await said(listener, b"POST /orders HTTP/1.1\r\nHost")
    assert answer.endswith(b"\r\n\r\n?: the head of the request did not come within 0.3 s")


@pytest.mark.parametrize(
    ("request_line", "status", "body"),
    [
        (b"GET /nothing", b"404 Not Found", b"nothing"),
        (b"HEAD /nothing", b"404 Not Found", b""),
        (b"GET /empty", b"202 Accepted", b""),
    ],
)
async def test_what_an_answer_looks_like(listener: Echo, request_line: bytes, status: bytes, body: bytes) -> None:
    answer = await said(listener, request_line + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status + b"\r\ndate: ")
    assert rest == body
    assert (b"content-type" in head) == (request_line != b"GET /empty")


async def test_more_connections_than_allowed_are_sent_away(listener: Echo) -> None:
    lines = [await asyncio.open_connection(LOOPBACK, listener.port) for _ in range(2)]
    assert (await said(listener)).startswith(b"HTTP/1.1 503 Service Unavailable")
    for _, writer in lines:
        writer.close()


async def test_an_address_that_is_taken(listener: Echo, held: Held) -> None:
    assert await listener.check() == ()
    second = made(held, listener.port)
    with pytest.raises(NotConnected, match="cannot listen on 127"):
        await second.listen()
    await second.close()
