"""Nodes that are written and read, methods that are called (rule 12); against node-opcua."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.conformance.stand import outgoing
from tests.integration.connectors.opcua.plc import Plc, plc
from tundish.errors import DeliveryError, Invalid, NotConnected, Rejected, Unknown
from tundish.model import Outgoing, Receipt, Value

pytestmark = pytest.mark.anyio


def message(**record: Value) -> Outgoing:
    """A message with this body."""
    return replace(outgoing(1), record=record)


async def refused(site: Plc, given: Outgoing, **settings: object) -> DeliveryError:
    """What a delivery raises."""
    stand = site.destination(**settings)
    await stand.open()
    try:
        await stand.destination.deliver(given)
    except DeliveryError as error:
        await stand.close()
        return error
    raise AssertionError("it was delivered")


async def delivered(site: Plc, given: Outgoing, **settings: object) -> Receipt:
    """The receipt of a delivery."""
    stand = site.destination(**settings)
    await stand.open()
    receipt = await stand.destination.deliver(given)
    await stand.close()
    return receipt


async def test_several_nodes_are_written_in_one_call(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        write = [
            {"node": "Objects/Line1/Count", "value": "quantity"},
            {"node": "ns=1;s=Order", "value": "order.number"},
            {"node": "ns=1;s=Weight", "value": "weight"},
            {"node": "ns=1;s=Table", "value": "table"},
            {"node": "ns=1;s=Made", "value": "made"},
            {"node": "Objects/Packer/Batch", "value": "batch"},
        ]
        batch: Value = {"Lot": "L7", "Amount": Decimal("2.5"), "Steps": [4, 5]}
        given = message(
            quantity=12,
            order={"number": "000004711"},
            weight=Decimal("1.5"),
            table=[1, Decimal("2.5")],
            made="2026-03-02T14:05:00+01:00",
            batch=batch,
        )
        stand = site.destination(write=write)
        preview = stand.destination.preview(given)
        assert preview["write"]["ns=1;s=Order"] == "000004711"  # type: ignore[index,call-overload] # an object
        receipt = await delivered(site, given, write=write)
        assert receipt.facts["written"] == 6
        look = site.lookup(
            count="ns=1;s=Count", order="ns=1;s=Order", weight="ns=1;s=Weight", table="ns=1;s=Table",
            made="ns=1;s=Made", batch="Objects/Packer/Batch",
        )  # fmt: skip
        await look.open()
        answer = await look.lookup.find({})
        assert answer.facts["status"] == 200
        assert answer.facts["body"] == {
            "count": 12,
            "order": "000004711",
            "weight": Decimal("1.5"),
            "table": [Decimal("1.0"), Decimal("2.5")],
            "made": "2026-03-02T13:05:00Z",
            "batch": batch,
        }


async def test_what_a_node_does_not_take(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:

        def write(node: str) -> list[dict[str, str]]:
            return [{"node": node, "value": "x"}]

        cases: tuple[tuple[str, Value, str], ...] = (
            ("ns=1;s=Count", 1 << 31, "it takes -2147483648 to 2147483647"),
            ("ns=1;s=Count", "12", "write a whole number"),
            ("ns=1;s=Trigger", 1, "write true or false"),
            ("ns=1;s=Table", 1, "no list of Double"),
            ("ns=1;s=Made", "2026-03-02T14:05:00", "it has no zone"),
            ("Objects/Packer/Batch", {"Lot": "x"}, "Batch lacks its field 'Amount'"),
            ("Objects/Packer/Batch", {"Lott": "x"}, "Batch has no field 'Lott'"),
        )
        for node, value, text in cases:
            error = await refused(site, message(x=value), write=write(node))
            assert isinstance(error, Invalid)
            assert text in str(error)
        absent = await refused(site, message(x=1), write=write("Objects/Line1/Cuont"))
        assert isinstance(absent, Rejected)
        assert "did you mean 'Count'" in str(absent)
        denied = await refused(site, message(x=1), write=[*write("ns=1;s=Count"), *write("ns=1;s=ReadOnly")])
        assert type(denied) is Rejected
        assert [fault.path for fault in denied.faults] == ["ns=1;s=ReadOnly"]
        assert denied.detail == "1 of 2 nodes were written"
        stand = site.destination(write=[*write("ns=1;s=ReadOnly"), *write("Objects/Line1/Cuont")])
        await stand.open()
        told = "\n".join(str(fault) for fault in await stand.destination.check())
        assert "'ns=1;s=ReadOnly' may not be written" in told
        assert "did you mean 'Count'" in told


async def test_methods_are_called(tmp_path: Path) -> None:
    async with plc(tmp_path, delay=700) as site:
        call = {"object": "Objects/Line1", "method": "Objects/Line1/Book", "arguments": ["order", "quantity"]}
        receipt = await delivered(site, message(order="4711", quantity=3), call=call)
        assert receipt.facts["outputs"] == {"ticket": 1}
        bad = await refused(site, message(order="4711", quantity=-3), call=call)
        assert isinstance(bad, Rejected)
        assert "BadOutOfRange" in str(bad)
        few = await refused(site, message(order="4711"), call={**call, "arguments": ["order"]})
        assert "takes 2 arguments, and 1 are given" in str(few)
        slow = await refused(site, message(order="4712", quantity=1), call=call, timeout="200ms")
        assert isinstance(slow, Unknown)
        await asyncio.sleep(0.8)
        assert [order for order, _ in await site.server.do("calls")] == ["4711", "4711", "4712"]


async def test_a_connection_that_breaks_during_a_call_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    async with plc(tmp_path, delay=5000) as site:
        call = {"object": "Objects/Line1", "method": "Objects/Line1/Book", "arguments": ["order", "quantity"]}
        stand = site.destination(call=call)
        await stand.open()
        async with asyncio.TaskGroup() as group:
            delivery = group.create_task(outcome(stand.destination.deliver(message(order="1", quantity=1))))
            await asyncio.sleep(0.5)
            await site.server.stop()
        assert delivery.result() is Unknown
        async with asyncio.timeout(10):
            assert isinstance(await stand.lost, NotConnected)


async def outcome(delivery: object) -> type[Exception] | None:
    """The class of what it raises."""
    try:
        await delivery  # type: ignore[misc] # any coroutine
    except DeliveryError as error:
        return type(error)
    return None


async def test_a_lookup_that_finds_nothing(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        look = site.lookup(state="Objects/Line1/{{ name }}")
        await look.open()
        assert (await look.lookup.find({"name": "Count"})).facts["body"] == {"state": 0}
        assert (await look.lookup.find({"name": "Nothing"})).facts["status"] == 404
        with pytest.raises(Invalid):
            await look.lookup.find({"name": "*"})
