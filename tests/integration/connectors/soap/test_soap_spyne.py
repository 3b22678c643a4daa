"""A second server that nobody here wrote: spyne, whose own WSDL is what we read."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.soap_peers import PEERS, fetched
from tests.conformance.stand import Workbench
from tests.integration.connectors.soap.soap_stands import SPEC, outgoing_record, told
from tundish.errors import DeliveryError, Invalid, Rejected, Transient
from tundish.model import ProjectFile, ProjectFiles, Value

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        importlib.util.find_spec("spyne") is None, reason="spyne is not installed: it needs Python 3.11"
    ),
]

ORDER: dict[str, Value] = {
    "number": "4711",
    "due": "2026-11-21",
    "lines": {"Line": [{"item": "A", "quantity": Decimal("10.500")}, {"item": "B", "quantity": 1}]},
}


@dataclass(frozen=True)
class Spyne:
    """The server, and its WSDL as a file of a project."""

    url: str
    wsdl: ProjectFile


@pytest.fixture
async def spyne(tmp_path: Path) -> AsyncIterator[Spyne]:
    """A running server."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "soap/spyne_server.py", str(port), cwd=PEERS, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            assert await process.stdout.readline() == b"ready\n"
        url = f"http://{LOOPBACK}:{port}/"
        (tmp_path / "spyne.wsdl").write_bytes(await asyncio.to_thread(fetched, f"{url}?wsdl"))
        yield Spyne(url, ProjectFile("spyne.wsdl", ProjectFiles(tmp_path)))
    finally:
        process.kill()
        await process.wait()


async def test_a_call_with_nested_types(spyne: Spyne, bench: Workbench) -> None:
    connection = {"wsdl": spyne.wsdl}
    stand = bench.stand(SPEC, SPEC.destination, connection, {"operation": "book"})
    await stand.open()
    receipt = await stand.destination.deliver(outgoing_record({"order": ORDER}))
    assert told(receipt.facts) == {"bookResult": "4711:2:11.500"}, "the address is that of the WSDL"


async def test_an_answer_is_checked_and_exact(spyne: Spyne, bench: Workbench) -> None:
    settings = {"operation": "find", "arguments": {"number": "{{ number }}"}}
    stand = bench.stand(SPEC, SPEC.lookup, {"wsdl": spyne.wsdl, "url": spyne.url}, settings)
    await stand.open()
    order = told((await stand.lookup.find({"number": "4711"})).facts)["findResult"]
    assert order == {
        "number": "4711",
        "due": "2026-11-21",
        "lines": {"Line": [{"item": "A", "quantity": Decimal("10.500")}, {"item": "B", "quantity": Decimal("0.1")}]},
    }
    assert str(order["lines"]["Line"][0]["quantity"]) == "10.500"


@pytest.mark.parametrize(("number", "kind"), [("client", Rejected), ("server", Transient)])
async def test_faults(spyne: Spyne, bench: Workbench, number: str, kind: type[DeliveryError]) -> None:
    stand = bench.stand(SPEC, SPEC.destination, {"wsdl": spyne.wsdl}, {"operation": "book"})
    await stand.open()
    with pytest.raises(DeliveryError) as caught:
        await stand.destination.deliver(outgoing_record({"order": {**ORDER, "number": number}}))
    assert type(caught.value) is kind


async def test_what_that_server_would_refuse_is_not_even_sent(spyne: Spyne, bench: Workbench) -> None:
    stand = bench.stand(SPEC, SPEC.destination, {"wsdl": spyne.wsdl}, {"operation": "book"})
    await stand.open()
    lines: Value = {"Line": [{"item": "much-too-long", "quantity": "1,5"}]}
    with pytest.raises(Invalid) as caught:
        await stand.destination.deliver(outgoing_record({"order": {**ORDER, "lines": lines}}))
    assert [one.path for one in caught.value.faults] == ["book/order/lines/Line/item", "book/order/lines/Line/quantity"]
