"""OData V2 and V4 against SAP's own server: poll, create with lines, change, ask, and what refusals say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import ClientSession

from tests.conformance.cap import MISSING, Cap
from tests.conformance.ports import free_port
from tests.conformance.proxy import Proxy
from tests.conformance.stand import RecordingIntake, Stand, Workbench, outgoing, until
from tundish.errors import DeliveryError, Invalid, NotConnected, Rejected, Transient, Unknown
from tundish.sdk import connector

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

SPEC = connector("rest")
VERSIONS = ("v4", "v2")
SINCE = {
    "v4": "changedAt ge {{ watermark }}",
    "v2": "changedAt ge datetimeoffset'{{ watermark }}'",
}


@pytest.fixture
async def cap(tmp_path: Path) -> AsyncIterator[Cap]:
    """SAP's server, without orders."""
    server = Cap(tmp_path)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def url_of(cap: Cap, version: str, port: int | None = None) -> str:
    """The root of the service, maybe through a proxy."""
    url = cap.v4 if version == "v4" else cap.v2
    return url.replace(f":{cap.port}/", f":{port}/") if port is not None else url


def polling(bench: Workbench, url: str, version: str, **poll: object) -> Stand:
    """A source that asks for orders which changed."""
    settings = {
        "poll": {
            "path": "/Orders",
            "every": "100ms",
            "query": {"$filter": SINCE[version], "$orderby": "changedAt", "$expand": "operations"},
            "watermark": {"by": "changedAt", "start": "2026-01-01T00:00:00Z", "overlap": "10s"},
            **poll,
        }
    }
    return bench.stand(SPEC, SPEC.source, {"url": url, "odata": version, "timeout": "2s"}, settings)


def sending(bench: Workbench, url: str, version: str, **settings: object) -> Stand:
    """A destination that creates orders."""
    return bench.stand(
        SPEC,
        SPEC.destination,
        {"url": url, "odata": version, "timeout": "2s"},
        {"path": "/Orders", **settings},
        route=f"sending-{len(settings)}",
    )


def records_of(intake: RecordingIntake) -> list[dict[str, Any]]:
    """What was handed over."""
    return [json.loads(line) for unit in intake.accepted for line in cast("bytes", unit.body).splitlines()]


def order(number: int, **fields: object) -> bytes:
    """An order with a line."""
    return json.dumps({"ID": f"WO-{number}", "name": "Müller's", "operations": [{"number": 10}], **fields}).encode()


async def post(cap: Cap, *numbers: int) -> None:
    """Create orders as somebody else does."""
    async with ClientSession(headers={"Content-Type": "application/json"}) as session:
        for number in numbers:
            async with session.post(f"{cap.v4}/Orders", data=order(number)) as response:
                assert response.status == 201, await response.text()


@pytest.mark.parametrize("version", VERSIONS)
async def test_orders_are_polled_page_by_page(bench: Workbench, cap: Cap, version: str) -> None:
    await post(cap, *range(7))
    stand, intake = polling(bench, url_of(cap, version), version), RecordingIntake()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(3)
    await asyncio.sleep(0.5)
    assert [len(cast("bytes", unit.body).splitlines()) for unit in intake.accepted] == [3, 3, 1]
    await post(cap, 7, 8)
    await until(lambda: len(records_of(intake)) == 9, lambda: str(records_of(intake)))
    assert [record["ID"] for record in records_of(intake)] == [f"WO-{number}" for number in range(9)]
    first = records_of(intake)[0]
    assert datetime.fromisoformat(first["changedAt"]).utcoffset() is not None
    lines = first["operations"] if version == "v4" else first["operations"]["results"]
    assert [line["number"] for line in lines] == [10]


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_order_is_created_with_its_lines_and_found_by_its_name(
    bench: Workbench, cap: Cap, version: str
) -> None:
    url = url_of(cap, version)
    dates = {"plannedOn": "2026-03-01"} if version == "v4" else {"plannedOn": "/Date(1772323200000)/"}
    to = sending(bench, url, version)
    await to.open()
    receipt = await to.destination.deliver(outgoing(1, order(1, ID="O'B", quantity="1.125", **dates)))
    assert receipt.facts["status"] == 201
    lookup = bench.stand(
        SPEC,
        SPEC.lookup,
        {"url": url, "odata": version, "zone": "Europe/Berlin"},
        {"path": "/Orders('{{ number }}')", "query": {"$expand": "operations"}},
        route="by-key",
    )
    await lookup.open()
    body = cast("dict[str, Any]", (await lookup.lookup.find({"number": "O'B"})).facts["body"])
    found = body if version == "v4" else body["d"]
    assert (found["ID"], found["name"]) == ("O'B", "Müller's")
    assert found["plannedOn"] == ("2026-03-01" if version == "v4" else "2026-03-01T00:00:00+01:00")
    search = bench.stand(
        SPEC,
        SPEC.lookup,
        {"url": url, "odata": version},
        {"path": "/Orders", "query": {"$filter": "name eq '{{ name }}'"}},
        route="by-name",
    )
    await search.open()
    for name, count in (("Müller's", 1), ("x' or 'a' eq 'a", 0)):
        body = cast("dict[str, Any]", (await search.lookup.find({"name": name})).facts["body"])
        assert len(body["value"] if version == "v4" else body["d"]["results"]) == count
    assert (await lookup.lookup.find({"number": "O'C"})).facts["status"] == 404


async def test_a_text_outside_of_quotes_is_refused(bench: Workbench, cap: Cap) -> None:
    search = bench.stand(
        SPEC, SPEC.lookup, {"url": cap.v4, "odata": "v4"}, {"path": "/Orders", "query": {"$filter": "n eq {{ n }}"}}
    )
    await search.open()
    with pytest.raises(Invalid, match="outside of quotes"):
        await search.lookup.find({"n": "1 or 1 eq 1"})


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_refusal_says_what_the_system_said(bench: Workbench, cap: Cap, version: str) -> None:
    to = sending(bench, url_of(cap, version), version)
    await to.open()
    with pytest.raises(Rejected, match="400 Bad Request: Value 5 is not a valid String") as caught:
        await to.destination.deliver(outgoing(1, b'{"ID": 5}'))
    assert cast("dict[str, Any]", caught.value.facts["body"])["error"]["code"] == "ASSERT_DATA_TYPE"


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_change_is_made_to_the_state_that_was_asked_for(bench: Workbench, cap: Cap, version: str) -> None:
    await post(cap, 1)
    url = url_of(cap, version)
    change: dict[str, object] = {"method": "PATCH", "path": "/Orders('WO-1')"}
    blind = sending(bench, url, version, **change)
    await blind.open()
    with pytest.raises(Rejected, match="428"):
        await blind.destination.deliver(outgoing(1, b'{"name": "x"}'))
    seeing = sending(bench, url, version, **change, fetch_etag=True)
    await seeing.open()
    await seeing.destination.deliver(outgoing(1, b'{"name": "y"}'))
    async with ClientSession() as session, session.get(f"{cap.v4}/Orders('WO-1')") as response:
        assert (await response.json())["name"] == "y"
    stale = sending(bench, url, version, **change, headers={"If-Match": 'W/"2020-01-01T00:00:00.000Z"'})
    await stale.open()
    with pytest.raises(Rejected, match="412"):
        await stale.destination.deliver(outgoing(1, b'{"name": "z"}'))


async def test_ten_restarts_of_the_system_lose_nothing(bench: Workbench, cap: Cap) -> None:
    stand, intake, to = polling(bench, cap.v4, "v4"), RecordingIntake(), sending(bench, cap.v4, "v4")
    await to.open()
    created = 0
    for restart in range(10):
        for _ in range(3):
            await to.destination.deliver(outgoing(created, order(created)))
            created += 1
        await cap.stop()
        with pytest.raises(DeliveryError) as caught:
            await to.destination.deliver(outgoing(created, order(created)))
        assert type(caught.value) in {Transient, Unknown}
        if restart:
            async with asyncio.timeout(10):
                assert isinstance(await stand.lost, NotConnected)
            await stand.close()
        intake.position = intake.accepted[-1].cursor if intake.accepted else None
        await cap.start()
        await stand.open_when_possible()
        stand.run(intake)
    await until(lambda: len(records_of(intake)) >= created, lambda: f"{len(records_of(intake))} of {created}")
    await asyncio.sleep(0.3)
    assert sorted(record["ID"] for record in records_of(intake)) == sorted(f"WO-{number}" for number in range(created))


@pytest.mark.parametrize("fault", ["cut", "reset", "freeze", "slow"])
async def test_faults_of_the_line(bench: Workbench, cap: Cap, fault: str) -> None:
    proxy = Proxy(free_port(), cap.port)
    await proxy.start()
    try:
        url = url_of(cap, "v4", proxy.port)
        stand, intake, to = polling(bench, url, "v4"), RecordingIntake(), sending(bench, url, "v4")
        await to.open()
        await stand.open()
        stand.run(intake)
        await to.destination.deliver(outgoing(1, order(1)))
        await until(lambda: len(records_of(intake)) == 1)
        proxy.delay(0.3)
        sent = asyncio.ensure_future(to.destination.deliver(outgoing(2, order(2))))  # noqa: TID251 - a test may
        await asyncio.sleep(0.1)
        if fault == "slow":
            await sent
        else:
            getattr(proxy, fault)()
            with pytest.raises(Unknown):
                await sent
            if fault == "freeze":
                async with asyncio.timeout(10):
                    assert isinstance(await stand.lost, NotConnected)
            proxy.thaw()
            await asyncio.sleep(0.5)
            if stand.lost.done():
                await stand.close()
                intake.position = intake.accepted[-1].cursor
                await stand.open_when_possible()
                stand.run(intake)
        proxy.delay(0.0)
        await to.destination.deliver(outgoing(3, order(3)))
        await until(lambda: "WO-3" in [record["ID"] for record in records_of(intake)])
    finally:
        await proxy.stop()
    ids = [record["ID"] for record in records_of(intake)]
    assert len(set(ids)) == len(ids)
