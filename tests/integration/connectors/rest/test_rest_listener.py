"""What a client of the listener sees, a hostile one too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.conformance.certificates import Authority
from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import RecordingIntake, Workbench
from tests.integration.connectors.rest.listening import SPEC, Listening
from tundish.errors import Misconfigured, NotConnected
from tundish.faults import Fault
from tundish.model import Acceptance, Unit
from tundish.sdk import TlsSettings, client_context

pytestmark = pytest.mark.anyio


async def answer(response: aiohttp.ClientResponse) -> tuple[int, dict[str, Any]]:
    """Status and content."""
    return response.status, await response.json()


async def test_an_accepted_request(bench: Workbench, http: aiohttp.ClientSession) -> None:
    listening = await Listening(bench, "/orders/{order}/lots").start()
    url = f"{listening.url}/orders/4711%2Fa/lots?x=1&y=2&y=3&token=hunter2"
    headers = {"X-Shift": "Früh", "Cookie": "sid=hunter2", "Authorization": "Bearer hunter2", "Idempotency-Key": "k1"}
    async with http.post(url.replace("%2F", "-"), data=b"\x00body\xff", headers=headers) as response:
        status, content = await answer(response)
        assert status == 202
        assert content["id"] == "1"
        assert response.headers["Location"].endswith("/lots/1")
    (unit,) = listening.intake.accepted
    assert unit.body == b"\x00body\xff"
    assert unit.name == "k1"
    assert unit.meta["path"] == {"order": "4711-a"}
    assert unit.meta["method"] == "POST"
    assert unit.meta["remote"] == LOOPBACK
    query = unit.meta["query"]
    assert isinstance(query, dict)
    assert (query["x"], query["y"]) == ("1", ["2", "3"])
    assert "hunter2" not in json.dumps(unit.meta)


@pytest.mark.parametrize(("outcome", "status"), [("duplicate", 200), ("conflict", 409), ("invalid", 422)])
async def test_other_outcomes(bench: Workbench, http: aiohttp.ClientSession, outcome: Any, status: int) -> None:
    listening = Listening(bench)

    def decide(unit: Unit, number: int) -> Acceptance:
        return Acceptance(outcome, (41,), (Fault("a", "first fault"), Fault("b", "second fault", "mend it")))

    listening.intake.decide = decide
    await listening.start()
    async with http.post(f"{listening.url}/orders", data=b"x") as response:
        found, content = await answer(response)
    assert found == status
    assert content["id"] == "41"
    if outcome == "invalid":
        assert [fault["text"] for fault in content["faults"]] == ["first fault", "second fault"]


async def test_back_pressure_is_503_with_a_time(bench: Workbench, http: aiohttp.ClientSession) -> None:
    listening = await Listening(bench).start()
    listening.intake.refusals = 1
    async with http.post(f"{listening.url}/orders", data=b"x") as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) >= 1


async def test_before_the_route_runs_it_is_503(bench: Workbench, http: aiohttp.ClientSession) -> None:
    listening = Listening(bench)
    await listening.stand.open()
    async with http.post(f"{listening.url}/orders", data=b"x") as response:
        assert response.status == 503


async def test_a_fault_of_ours_is_no_acceptance(bench: Workbench, http: aiohttp.ClientSession) -> None:
    listening = Listening(bench)

    def decide(unit: Unit, number: int) -> Acceptance:
        raise ZeroDivisionError

    listening.intake.decide = decide
    await listening.start()
    async with http.post(f"{listening.url}/orders", data=b"x") as response:
        assert response.status == 500
        assert "ZeroDivision" not in await response.text()
    assert any(event == "request.failed" for _, event, _ in listening.stand.connection.context.log.events)  # type: ignore[attr-defined] # RecordingLog


@pytest.mark.parametrize(
    ("auth", "good"),
    [
        ({"api_key": ["env:KEY_OLD", "env:KEY_NEW"]}, {"X-API-Key": "new-secret"}),
        ({"api_key": ["env:KEY_OLD", "env:KEY_NEW"]}, {"x-api-key": "old-secret"}),
        ({"api_key": "env:KEY_NEW", "header": "X-Plant-Key"}, {"X-Plant-Key": "new-secret"}),
        ({"bearer": "env:KEY_NEW"}, {"Authorization": "Bearer new-secret"}),
        ({"basic": {"username": "u", "password": "env:KEY_NEW"}}, {"Authorization": "Basic dTpuZXctc2VjcmV0"}),
    ],
)
async def test_credentials(
    bench: Workbench,
    http: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    auth: dict[str, object],
    good: dict[str, str],
) -> None:
    monkeypatch.setenv("KEY_OLD", "old-secret")
    monkeypatch.setenv("KEY_NEW", "new-secret")
    listening = await Listening(bench, auth=auth).start()
    name = next(iter(good))
    for wrong in ({}, {name: "new-secre"}, {name: ""}, {"X-Other": good[name]}, {name: "é"}):
        async with http.post(f"{listening.url}/orders", data=b"x", headers=wrong) as response:
            assert response.status == 401
            assert "WWW-Authenticate" in response.headers
    async with http.post(f"{listening.url}/orders", data=b"x", headers=good) as response:
        assert response.status == 202
    assert len(listening.intake.offered) == 1
    assert "secret" not in json.dumps(listening.intake.offered[0].meta)


async def test_paths_and_methods_that_nobody_listens_for(bench: Workbench, http: aiohttp.ClientSession) -> None:
    listening = await Listening(bench).start()
    async with http.post(f"{listening.url}/other") as response:
        assert response.status == 404
    async with http.post(f"{listening.url}/orders/") as response:
        assert response.status == 404
    async with http.get(f"{listening.url}/orders") as response:
        assert response.status == 405


async def test_two_routes_share_an_address(bench: Workbench, http: aiohttp.ClientSession) -> None:
    first = await Listening(bench).start()
    held = bench.stand(SPEC, SPEC.source, {"listen": f"{LOOPBACK}:1"}, {"path": "/lots"}, "another-route")
    held.component.connection = first.stand.connection
    intake = RecordingIntake()
    await held.component.open()
    held.run(intake)
    await asyncio.sleep(0)
    async with http.post(f"{first.url}/lots", data=b"x") as response:
        assert response.status == 202
    assert len(intake.accepted) == 1

    rival = bench.stand(SPEC, SPEC.source, {"listen": f"{LOOPBACK}:1"}, {"path": "/lots"}, "a-rival")
    rival.component.connection = first.stand.connection
    with pytest.raises(Misconfigured, match="two routes listen for POST /lots"):
        await rival.component.open()


async def test_an_address_that_is_taken(bench: Workbench) -> None:
    first = await Listening(bench).start()
    second = bench.stand(SPEC, SPEC.source, {"listen": f"{LOOPBACK}:{first.port}"}, {"path": "/x"}, "another-route")
    with pytest.raises(NotConnected, match="cannot listen"):
        await second.open()


async def test_a_body_over_the_limit(bench: Workbench, http: aiohttp.ClientSession) -> None:
    listening = await Listening(bench, largest_body="1KiB").start()

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield bytes(512)

    for body in (bytes(1025), chunks()):
        async with http.post(f"{listening.url}/orders", data=body) as response:
            assert response.status == 413
    async with http.post(f"{listening.url}/orders", data=bytes(1024)) as response:
        assert response.status == 202
    assert len(listening.intake.offered) == 1


async def test_a_declared_length_over_the_limit_is_refused_before_the_body(bench: Workbench) -> None:
    listening = await Listening(bench, largest_body="1KiB").start()
    said = await listening.raw(b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413")


async def test_slow_clients(bench: Workbench) -> None:
    listening = await Listening(bench, timeout="200ms").start()
    for begun in (b"", b"POST /orders HTTP/1.1\r\nHost: x\r\nX: ", b"POST"):
        assert (await listening.raw(begun)).startswith(b"HTTP/1.1 408"), begun
    slow_body = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"
    assert (await listening.raw(slow_body)).startswith(b"HTTP/1.1 408")
    assert listening.intake.offered == []


async def test_a_second_request_may_not_be_slow_either(bench: Workbench) -> None:
    listening = await Listening(bench, timeout="300ms").start()
    first = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
    said = await listening.raw(first + b"POST /orders HTTP/1.1\r\nX: ")
    assert said.startswith(b"HTTP/1.1 202")
    assert b"HTTP/1.1 408" in said


async def test_too_many_connections(bench: Workbench) -> None:
    listening = await Listening(bench, max_connections=3).start()
    held = [await asyncio.open_connection(LOOPBACK, listening.port) for _ in range(3)]
    await asyncio.sleep(0.1)
    said = await listening.raw(b"")
    assert said.startswith(b"HTTP/1.1 503")
    assert b"retry-after" in said
    for _, writer in held:
        writer.close()
    await asyncio.sleep(0.1)
    assert (await listening.raw(b"GET / HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 404")


async def test_a_head_without_end(bench: Workbench) -> None:
    listening = await Listening(bench).start()
    said = await listening.raw(b"POST /orders HTTP/1.1\r\n" + b"X-Y: " + b"z" * 100_000)
    assert said.startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ],
)
async def test_junk_is_refused(bench: Workbench, junk: bytes) -> None:
    listening = await Listening(bench, timeout="500ms").start()
    assert (await listening.raw(junk)).startswith((b"HTTP/1.1 400", b"HTTP/1.1 408"))
    assert listening.intake.offered == []


async def test_compressed_bodies_are_not_taken(bench: Workbench, http: aiohttp.ClientSession) -> None:
    listening = await Listening(bench).start()
    async with http.post(f"{listening.url}/orders", data=b"x", headers={"Content-Encoding": "gzip"}) as response:
        assert response.status == 415


async def test_a_long_idempotency_key_is_refused(bench: Workbench, http: aiohttp.ClientSession) -> None:
    listening = await Listening(bench).start()
    async with http.post(f"{listening.url}/orders", data=b"x", headers={"Idempotency-Key": "k" * 256}) as response:
        assert response.status == 400


async def test_a_request_that_was_received_is_answered_when_the_listener_closes(
    bench: Workbench, http: aiohttp.ClientSession
) -> None:
    listening = await Listening(bench).start()
    listening.intake.gate.clear()
    async with asyncio.TaskGroup() as group:

        async def post() -> None:
            async with http.post(f"{listening.url}/orders", data=b"x") as response:
                assert response.status == 202

        group.create_task(post())
        await listening.intake.wait_for(1, offered=True)
        asyncio.get_running_loop().call_later(0.1, listening.intake.gate.set)
        await listening.stand.close()


async def test_tls(bench: Workbench, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    ours = authority.sign("ours")
    tls = {"certificate": str(ours.certificate), "key": str(ours.key)}
    listening = await Listening(bench, tls=tls).start()
    context = client_context(TlsSettings(ca_file=authority.file))
    where = f"https://{LOOPBACK}:{listening.port}/orders"
    async with aiohttp.ClientSession() as session, session.post(where, data=b"x", ssl=context) as response:
        assert response.status == 202
