"""What becomes of a delivery, whatever the system and the network do."""

from __future__ import annotations

import pytest
from aiohttp import web

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import Workbench, outgoing
from tests.integration.connectors.rest.calling import SPEC, refusal, stand, system
from tundish.errors import Duplicate, Invalid, Misconfigured, NotConnected, Rejected

pytestmark = pytest.mark.anyio


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
