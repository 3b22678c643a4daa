"""What becomes of a delivery, whatever the system and the network do."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

import pytest
from aiohttp import web

from tests.conformance.certificates import Authority
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import Stand, Workbench, outgoing
from tundish.errors import (
    AuthFailed,
    DeliveryError,
    Duplicate,
    Invalid,
    Misconfigured,
    NotConnected,
    Rejected,
    Transient,
    Unknown,
)
from tundish.sdk import connector
from tundish.sdk.tls import TlsSettings, server_context

pytestmark = pytest.mark.anyio

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


async def test_what_is_sent(bench: Workbench) -> None:
    seen: list[tuple[str, str, dict[str, str], bytes]] = []

    async def take(request: web.Request) -> web.Response:
        seen.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        return web.json_response({"n": 1}, status=201, headers={"Location": "/b/1"})

    settings: dict[str, object] = {
        "method": "PUT",
        "path": "/a/{{ id }}/{{ lot }}",
        "query": {"plant": "{{ plant.code }}"},
        "headers": {"X-Lot": "{{ lot }}"},
    }
    async with system(take) as url:
        under_test = stand(bench, f"{url}/base/", settings)
        await under_test.open()
        message = outgoing(7, b"body", lot="L/1 ?", plant={"code": "1710&x"})
        receipt = await under_test.destination.deliver(message)
        preview = under_test.destination.preview(message)
    ((method, path, headers, body),) = seen
    assert (method, path, body) == ("PUT", "/base/a/m00007/L%2F1%20%3F?plant=1710%26x", b"body")
    assert headers["Idempotency-Key"] == "key-00007"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Lot"] == "L/1 ?"
    assert receipt.remote_id == "/b/1"
    assert receipt.facts["status"] == 201
    assert preview["method"] == "PUT"
    assert preview["path"] == "/a/m00007/L%2F1%20%3F"
    assert preview["query"] == {"plant": "1710&x"}


async def test_data_cannot_lead_to_another_place(bench: Workbench) -> None:
    async def take(request: web.Request) -> web.Response:
        raise AssertionError("nothing may be sent")

    async with system(take) as url:
        under_test = stand(bench, url, {"path": "/a/{{ v }}", "headers": {"X": "{{ w }}"}})
        await under_test.open()
        for v, w in (("..", ""), ("", ""), ("x", "a\r\nEvil: 1"), ("x", "\0")):
            with pytest.raises(Invalid):
                await under_test.destination.deliver(outgoing(1, v=v, w=w))


async def test_redirects_are_not_followed(bench: Workbench) -> None:
    visited: list[str] = []

    async def take(request: web.Request) -> web.Response:
        visited.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with system(take) as url:
        error = await refusal(bench, url)
    assert type(error) is Rejected
    assert visited == ["/a/m00001"]


async def test_a_duplicate_that_the_route_knows(bench: Workbench) -> None:
    async def take(request: web.Request) -> web.Response:
        return web.Response(status=409)

    async with system(take) as url:
        under_test = stand(bench, url, {"path": "/a", "duplicate_status": [409]})
        await under_test.open()
        with pytest.raises(Duplicate):
            await under_test.destination.deliver(outgoing(1))


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


async def test_a_long_answer_is_not_read(bench: Workbench) -> None:
    async def much(request: web.Request) -> web.Response:
        return web.Response(body=bytes(100_000), status=200)

    async with system(much) as url:
        under_test = stand(bench, url, largest_answer="1KiB")
        await under_test.open()
        receipt = await under_test.destination.deliver(outgoing(1))
    assert receipt.facts["body"] is None


async def test_a_compressed_answer_stays_small(bench: Workbench) -> None:
    async def bomb(request: web.Request) -> web.Response:
        import gzip

        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=gzip.compress(bytes(10_000_000)), headers={"Content-Encoding": "gzip"})

    async with system(bomb) as url:
        under_test = stand(bench, url)
        await under_test.open()
        receipt = await under_test.destination.deliver(outgoing(1))
    assert len(str(receipt.facts["body"])) < 20_000


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        ({"api_key": "env:KEY"}, "X-API-Key", "hunter2"),
        ({"api_key": "env:KEY", "header": "X-Plant"}, "X-Plant", "hunter2"),
        ({"bearer": "env:KEY"}, "Authorization", "Bearer hunter2"),
        ({"basic": {"username": "u", "password": "env:KEY"}}, "Authorization", "Basic dTpodW50ZXIy"),
    ],
)
async def test_credentials(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, auth: dict[str, object], name: str, value: str
) -> None:
    monkeypatch.setenv("KEY", "hunter2")

    async def take(request: web.Request) -> web.Response:
        return web.Response(status=200 if request.headers.get(name) == value else 401)

    async with system(take) as url:
        under_test = stand(bench, url, auth=auth)
        await under_test.open()
        receipt = await under_test.destination.deliver(outgoing(1))
        assert "hunter2" not in str(receipt)
        assert "hunter2" not in str(under_test.destination.preview(outgoing(1)))


class TokenSystem:
    """An API with a token endpoint."""

    def __init__(self) -> None:
        self.fetched = 0
        self.valid = "token-1"
        self.expires_in: float = 3600
        self.token_status = 200

    async def handle(self, request: web.Request) -> web.Response:
        """Both endpoints."""
        if request.path == "/token":
            form = await request.post()
            assert form["grant_type"] == "client_credentials"
            assert request.headers["Authorization"] == "Basic dHVuZGlzaDpodW50ZXIy"
            self.fetched += 1
            token: dict[str, Any] = {"access_token": f"token-{self.fetched}", "expires_in": self.expires_in}
            return web.json_response(token, status=self.token_status)
        return web.Response(status=200 if request.headers["Authorization"] == f"Bearer {self.valid}" else 401)


async def test_oauth2(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "hunter2")
    api = TokenSystem()
    async with system(api.handle) as url:
        oauth2 = {"token_url": f"{url}/token", "client_id": "tundish", "client_secret": "env:KEY"}
        under_test = stand(bench, url, auth={"oauth2": oauth2})
        await under_test.open()
        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(under_test.destination.deliver(outgoing(number)))
        assert api.fetched == 1
        # The system ended the token early: one new one, and the message goes through.
        api.valid = "token-2"
        await under_test.destination.deliver(outgoing(9))
        assert api.fetched == 2
        api.valid = "none"
        with pytest.raises(AuthFailed):
            await under_test.destination.deliver(outgoing(10))

        await under_test.close()
        api.fetched, api.valid, api.expires_in = 0, "token-2", 0.0
        await under_test.open()
        await under_test.destination.deliver(outgoing(11))
        for status, error in ((400, AuthFailed), (500, Transient)):
            api.token_status = status
            with pytest.raises(error):
                await under_test.destination.deliver(outgoing(12))


async def test_a_token_is_fetched_anew_before_it_ends(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "hunter2")
    api, refused = TokenSystem(), list[int]()
    api.expires_in = 1.0

    async def handle(request: web.Request) -> web.StreamResponse:
        answer = await api.handle(request)
        refused.extend([answer.status] if answer.status == 401 else [])
        return answer

    async with system(handle) as url:
        oauth2 = {"token_url": f"{url}/token", "client_id": "tundish", "client_secret": "env:KEY"}
        under_test = stand(bench, url, auth={"oauth2": oauth2})
        await under_test.open()
        await under_test.destination.deliver(outgoing(1))
        await asyncio.sleep(0.6)
        api.valid = "token-2"
        await under_test.destination.deliver(outgoing(2))
    assert (api.fetched, refused) == (2, [])


async def test_certificates_that_are_not_trusted(bench: Workbench, tmp_path: Path) -> None:
    async def take(request: web.Request) -> web.Response:
        return web.Response()

    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    tls = {"ca_file": str(ours.file)}
    for name, certificate in {
        "unknown-issuer": theirs.sign("unknown-issuer"),
        "expired": ours.sign("expired", days=-1),
        "wrong-host": ours.sign("wrong-host", host="127.0.0.2"),
    }.items():
        served = TlsSettings(certificate=certificate.certificate, key=certificate.key)
        async with system(take, tls=served) as url:
            assert type(await refusal(bench, url, tls=tls)) is AuthFailed, name
            skipping = stand(bench, url, tls={"dangerously_skip_verification": True})
            await skipping.open()
            await skipping.destination.deliver(outgoing(1))
            assert "not verified" in str((await skipping.connection.check())[0])
    good = ours.sign("good")
    async with system(take, tls=TlsSettings(certificate=good.certificate, key=good.key)) as url:
        trusting = stand(bench, url, tls=tls)
        await trusting.open()
        await trusting.destination.deliver(outgoing(1))


async def test_a_client_certificate(bench: Workbench, tmp_path: Path) -> None:
    async def take(request: web.Request) -> web.Response:
        return web.Response()

    authority = Authority(tmp_path, "authority")
    server, client = authority.sign("server"), authority.sign("client")
    served = TlsSettings(certificate=server.certificate, key=server.key, ca_file=authority.file)
    async with system(take, tls=served) as url:
        mine = {"ca_file": str(authority.file), "certificate": str(client.certificate), "key": str(client.key)}
        under_test = stand(bench, url, tls=mine)
        await under_test.open()
        await under_test.destination.deliver(outgoing(1))
        assert isinstance(await refusal(bench, url, tls={"ca_file": str(authority.file)}), AuthFailed | Unknown)


async def test_a_connection_that_is_closed_is_not_connected(bench: Workbench) -> None:
    under_test = stand(bench, f"http://{LOOPBACK}:1")
    with pytest.raises(NotConnected):
        await under_test.destination.deliver(outgoing(1))
    await under_test.open()
    await under_test.close()
    with pytest.raises(NotConnected):
        await under_test.destination.deliver(outgoing(1))


async def test_a_listening_connection_cannot_send(bench: Workbench) -> None:
    under_test = bench.stand(SPEC, SPEC.destination, {"listen": f"{LOOPBACK}:{free_port()}"}, {"path": "/a"})
    with pytest.raises(Misconfigured, match="cannot send"):
        await under_test.open()
