"""Clients that are slow, hostile, many, or only half there."""

from __future__ import annotations

import asyncio
import contextlib
import re
import resource
import time

import pytest

from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import Workbench
from tests.integration.connectors.rest.listening import Listening
from tundish.model import Acceptance

pytestmark = pytest.mark.anyio


def post(body: bytes, *headers: str, path: str = "/orders") -> bytes:
    """A request as it stands on the wire."""
    more = "".join(f"{header}\r\n" for header in headers)
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def statuses(said: bytes) -> list[int]:
    """Of all answers on one connection."""
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", said)]


async def test_pipelined_requests_are_answered_in_order(bench: Workbench) -> None:
    listening = Listening(bench)
    listening.intake.delay = lambda number: 0.05 if number == 1 else 0.0
    await listening.start()
    many = b"".join(post(str(number).encode()) for number in range(100))
    said = await listening.raw(many + post(b"last", "Connection: close"))
    assert statuses(said) == [202] * 101
    assert re.findall(rb'"id":"(\d+)"', said) == [str(number).encode() for number in range(1, 102)]
    assert [unit.body for unit in listening.intake.accepted[:3]] == [b"0", b"1", b"2"]


async def test_a_refused_request_does_not_overtake_one_that_is_being_answered(bench: Workbench) -> None:
    listening = Listening(bench)
    listening.intake.delay = lambda number: 0.1
    await listening.start()
    said = await listening.raw(post(b"a") + post(b"b", path="/other") + b"GARBAGE\r\n\r\n")
    assert statuses(said) == [202, 404, 400]


async def test_a_client_that_only_stopped_sending_gets_its_answer(bench: Workbench) -> None:
    listening = Listening(bench)
    listening.intake.delay = lambda number: 0.1
    await listening.start()
    reader, writer = await asyncio.open_connection(LOOPBACK, listening.port)
    writer.write(post(b"a") + post(b"b"))
    writer.write_eof()
    async with asyncio.timeout(5):
        assert statuses(await reader.read()) == [202, 202]
    writer.close()


async def test_a_client_that_is_gone_is_forgotten(bench: Workbench) -> None:
    listening = Listening(bench, max_connections=2)
    await listening.start()
    for _ in range(20):
        _, writer = await asyncio.open_connection(LOOPBACK, listening.port)
        writer.write(post(b"a")[:30])
        writer.transport.abort()
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert statuses(await listening.raw(post(b"a", "Connection: close"))) == [202]


async def test_a_client_that_reads_no_answers_is_disconnected(bench: Workbench) -> None:
    listening = Listening(bench, timeout="500ms")
    listening.intake.decide = lambda unit, number: Acceptance("accepted", tuple(range(1000)))
    await listening.start()
    _, writer = await asyncio.open_connection(LOOPBACK, listening.port, limit=1024)
    writer.transport.pause_reading()  # type: ignore[attr-defined] # it is there
    request = post(b"x" * 10) * 200

    async def flood() -> None:
        while not writer.is_closing():
            writer.write(request)
            await writer.drain()

    with pytest.raises((ConnectionError, TimeoutError)):
        async with asyncio.timeout(8):
            await flood()
    # What it never read was not taken without end either.
    assert len(listening.intake.offered) < 50_000
    writer.transport.abort()


@pytest.mark.parametrize(
    "smuggled",
    [
        b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\na",
        b"POST /orders HTTP/1.1\r\nHost: x\r\n Content-Length: 1\r\n\r\na",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nX: a\nContent-Length: 1\r\n\r\na",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\nContent-Length: 1\r\n\r\na",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 1\r\n\r\na",
        b"POST /orders HTTP/1.1\r\nContent-Length: 1\r\n\r\na",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;\r\nab\r\n0\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        b"POST /\xff HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na",
    ],
    ids=[
        "length-and-chunks",
        "two-encodings",
        "unknown-encoding",
        "space-before-colon",
        "two-lengths",
        "signed-length",
        "hex-length",
        "folded",
        "bare-line-feed",
        "nul",
        "two-hosts",
        "no-host",
        "chunk-too-long",
        "chunk-overflow",
        "raw-bytes",
    ],
)
async def test_what_two_servers_could_understand_differently_is_refused(bench: Workbench, smuggled: bytes) -> None:
    listening = await Listening(bench, timeout="500ms").start()
    said = statuses(await listening.raw(smuggled + post(b"inner")))
    assert said
    assert said[0] in {400, 408}
    assert len(said) == 1
    assert listening.intake.offered == []


async def test_chunked_bodies_are_put_together(bench: Workbench) -> None:
    listening = await Listening(bench).start()
    head = b"POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert statuses(await listening.raw(head + b"2;ext=1\r\nab\r\n3\r\ncde\r\n0\r\nTrailer: x\r\n\r\n")) == [202]
    assert listening.intake.accepted[0].body == b"abcde"


async def test_a_client_that_waits_for_permission(bench: Workbench) -> None:
    listening = await Listening(bench, largest_body="1KiB").start()
    reader, writer = await asyncio.open_connection(LOOPBACK, listening.port)
    writer.write(post(b"", "Expect: 100-continue", "Connection: close").replace(b"Length: 0", b"Length: 3"))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    writer.write(b"abc")
    assert statuses(await reader.read()) == [202]
    writer.close()
    # Without permission nothing is sent, and the answer comes at once.
    refused = post(b"", "Expect: 100-continue").replace(b"Length: 0", b"Length: 9999")
    assert statuses(await listening.raw(refused)) == [413]


async def test_a_wish_for_another_protocol_is_answered_in_this_one(bench: Workbench) -> None:
    # As Java's client sends it by default.
    listening = await Listening(bench).start()
    upgrade = post(
        b"abc", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk"
    )
    assert statuses(await listening.raw(upgrade + post(b"d", "Connection: close"))) == [202, 202]
    assert [unit.body for unit in listening.intake.accepted] == [b"abc", b"d"]
    assert statuses(await listening.raw(b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nConnection: close\r\n\r\n"))[0] >= 400


async def test_headers_that_drip(bench: Workbench) -> None:
    listening = await Listening(bench, timeout="400ms").start()
    _, writer = await asyncio.open_connection(LOOPBACK, listening.port)
    writer.write(b"POST /orders HTTP/1.1\r\n")

    async def drip() -> None:
        while True:
            writer.write(b"X: y\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    with pytest.raises(ConnectionError):
        async with asyncio.timeout(4):
            await drip()
    writer.close()


async def test_a_body_that_drips(bench: Workbench) -> None:
    listening = await Listening(bench, timeout="400ms").start()
    reader, writer = await asyncio.open_connection(LOOPBACK, listening.port)
    writer.write(b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")

    said = b""
    for _ in range(60):
        writer.write(b"x")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                said = await reader.read(1000)
            break
    assert statuses(said) == [408]
    assert listening.intake.offered == []
    writer.close()


async def test_an_idle_connection_is_kept_for_a_while_and_then_closed_without_a_word(bench: Workbench) -> None:
    listening = await Listening(bench, timeout="400ms").start()
    reader, writer = await asyncio.open_connection(LOOPBACK, listening.port)
    for _ in range(3):
        writer.write(post(b"a"))
        assert b" 202 " in await reader.readuntil(b"}")
        await asyncio.sleep(0.1)
    async with asyncio.timeout(3):
        assert await reader.read() == b""
    writer.close()


async def test_a_thousand_idle_connections(bench: Workbench) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip(f"only {hard} files may be open here: ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    listening = await Listening(bench, max_connections=1100).start()
    idle = [await asyncio.open_connection(LOOPBACK, listening.port) for _ in range(1000)]
    begun = time.monotonic()
    said = await listening.raw(post(b"a") * 20 + post(b"a", "Connection: close"))
    assert statuses(said) == [202] * 21
    assert time.monotonic() - begun < 2
    for _, writer in idle:
        writer.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_waiting_client_that_leaves_takes_nothing_back(bench: Workbench) -> None:
    listening = Listening(bench)
    await listening.start()
    listening.intake.gate.clear()
    _, writer = await asyncio.open_connection(LOOPBACK, listening.port)
    writer.write(post(b"a"))
    await listening.intake.wait_for(1, offered=True)
    writer.transport.abort()
    await asyncio.sleep(0.05)
    listening.intake.gate.set()
    assert statuses(await listening.raw(post(b"b", "Connection: close"))) == [202]


async def test_unread_bodies_of_refused_requests_keep_the_connection(bench: Workbench) -> None:
    listening = await Listening(bench).start()
    said = await listening.raw(post(b"x" * 1000, path="/no") + post(b"y", "Connection: close"))
    assert statuses(said) == [404, 202]


async def test_a_large_refused_body_is_not_kept(bench: Workbench) -> None:
    listening = await Listening(bench, largest_body="100MiB").start()
    reader, writer = await asyncio.open_connection(LOOPBACK, listening.port)
    writer.write(b"POST /no HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n")
    async with asyncio.timeout(5):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 404")
        writer.write(bytes(1_000_000))
        await reader.read()
    writer.close()
