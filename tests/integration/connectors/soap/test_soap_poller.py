"""A poller takes what is new, moves on when the journal has it, and never skips what it could not read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from aiohttp import web

from tests.conformance.soap_peers import ERP, NodeServer
from tests.conformance.stand import RecordingIntake, Stand, Workbench, until
from tests.integration.connectors.soap.soap_stands import SPEC, answering, fault, service, soap
from tundish.errors import AuthFailed, Misconfigured, NotConnected
from tundish.model import Acceptance, Unit

pytestmark = pytest.mark.anyio

POLL: dict[str, object] = {
    "every": "20ms",
    "arguments": {"since": "{{ watermark }}"},
    "items": "order",
    "watermark": {"by": "changed_at", "start": "2026-01-01T00:00:00Z"},
}
SETTINGS: dict[str, object] = {"operation": "GetChangedOrders", "poll": POLL}
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def polling(bench: Workbench, url: str, poll: Mapping[str, object] | None = None, **connection: object) -> Stand:
    """A source that calls."""
    made = {"wsdl": ERP, "url": url, "operation_timeout": "2s", "check_answers": False, **connection}
    return bench.stand(SPEC, SPEC.source, made, {**SETTINGS, "poll": {**POLL, **(poll or {})}})


def order(number: str, changed_at: str) -> dict[str, str]:
    """An order of the service."""
    return {"number": number, "quantity": "1.50", "changed_at": changed_at}


def items(units: list[Unit]) -> list[Any]:
    """What the units hold."""
    return [_DECODER.decode(line) for unit in units for line in unit.body.split(b"\n")]  # type: ignore[union-attr] # bytes


class Keeping(RecordingIntake):
    """An intake that keeps the cursor, as the journal does."""

    async def accept(self, unit: Unit) -> Acceptance:
        """Accept and keep."""
        acceptance = await super().accept(unit)
        self.position = unit.cursor
        return acceptance


async def test_each_change_of_a_foreign_server_is_taken_once(node: NodeServer, bench: Workbench) -> None:
    stand, intake = polling(bench, f"{node.url}/erp"), Keeping()
    await node.change(order("1", "2026-11-20T06:00:00Z"))
    await node.change(order("2", "2026-11-20T06:00:00Z"))
    await stand.open()
    stand.run(intake)
    await intake.wait_for(1)
    # The same moment again, and later ones: the service is asked from the watermark on, inclusively.
    await node.change(order("3", "2026-11-20T06:00:00Z"))
    await intake.wait_for(2)
    await node.change(order("4", "2026-11-20T07:00:00Z"))
    await intake.wait_for(3)
    await asyncio.sleep(0.2)
    assert [one["number"] for one in items(intake.accepted)] == ["1", "2", "3", "4"]
    assert items(intake.accepted)[0]["quantity"] == Decimal("1.50")
    assert intake.accepted[-1].meta == {"operation": "GetChangedOrders", "watermark": "2026-11-20T07:00:00Z"}
    assert len(intake.offered) == 3, "nothing new is no unit"


async def test_it_goes_on_where_the_journal_is(node: NodeServer, bench: Workbench) -> None:
    for number, at in (("1", "2026-11-20T06:00:00Z"), ("2", "2026-11-20T07:00:00Z")):
        await node.change(order(number, at))
    stand, intake = polling(bench, f"{node.url}/erp"), Keeping()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(1)
    await stand.close()
    await node.change(order("3", "2026-11-20T07:00:00Z"))
    following = Keeping(position=intake.position)
    await stand.open()
    stand.run(following)
    await following.wait_for(1)
    assert [one["number"] for one in items(following.accepted)] == ["3"]


async def test_what_was_not_accepted_is_asked_for_again(node: NodeServer, bench: Workbench) -> None:
    await node.change(order("1", "2026-11-20T06:00:00Z"))
    stand, intake = polling(bench, f"{node.url}/erp"), Keeping()
    intake.gate.clear()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(1, offered=True)
    await stand.close()
    assert intake.position is None
    intake.gate.set()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(1)
    assert [one["number"] for one in items(intake.accepted)] == ["1"]


async def test_back_pressure_is_waited_out(node: NodeServer, bench: Workbench) -> None:
    await node.change(order("1", "2026-11-20T06:00:00Z"))
    stand, intake = polling(bench, f"{node.url}/erp"), Keeping(refusals=3)
    await stand.open()
    stand.run(intake)
    await intake.wait_for(1)
    assert len(intake.offered) == 4
    assert {unit.body for unit in intake.offered} == {intake.accepted[0].body}


async def test_without_a_watermark_an_answer_is_taken_when_it_changes(node: NodeServer, bench: Workbench) -> None:
    settings = {"arguments": {"since": "2026-01-01T00:00:00Z"}, "watermark": None}
    await node.change(order("1", "2026-11-20T06:00:00Z"))
    stand, intake = polling(bench, f"{node.url}/erp", settings), Keeping()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(1)
    await asyncio.sleep(0.1)
    await node.change(order("2", "2026-11-20T06:00:00Z"))
    await intake.wait_for(2)
    assert [len(unit.body.split(b"\n")) for unit in intake.accepted] == [1, 2]  # type: ignore[union-attr] # bytes


async def test_what_a_system_commits_late_is_taken_within_the_overlap(node: NodeServer, bench: Workbench) -> None:
    watermark = {"by": "changed_at", "start": "2026-01-01T00:00:00Z", "overlap": "5m"}
    await node.change(order("1", "2026-11-20T06:10:00Z"))
    stand, intake = polling(bench, f"{node.url}/erp", {"watermark": watermark}), Keeping()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(1)
    await node.change(order("too late", "2026-11-20T06:04:00Z"))
    await node.change(order("late", "2026-11-20T07:06:00+01:00"))
    await intake.wait_for(2)
    await asyncio.sleep(0.1)
    assert [one["number"] for one in items(intake.accepted)] == ["1", "late"]


async def lost(stand: Stand, intake: RecordingIntake) -> Exception:
    """Why a source is lost."""
    await stand.open_when_possible()
    stand.run(intake)
    async with asyncio.timeout(5):
        return await stand.lost


async def test_an_answer_that_cannot_be_read_is_told_and_asked_for_again(bench: Workbench) -> None:
    broken = True

    async def answer(request: web.Request) -> web.Response:
        quantity = "1,5" if broken else "1.5"
        body = (
            f"<e:GetChangedOrdersResponse><e:order><t:number>1</t:number><t:quantity>{quantity}</t:quantity>"
            "<t:changed_at>2026-11-20T06:00:00Z</t:changed_at></e:order></e:GetChangedOrdersResponse>"
        )
        return web.Response(text=soap(body), content_type="text/xml")

    async with service(answer) as url:
        stand, intake = polling(bench, url), Keeping()
        error = await lost(stand, intake)
        assert isinstance(error, Misconfigured)
        assert "GetChangedOrdersResponse/order/quantity" in str(error)
        assert intake.offered == []
        await stand.close()
        broken = False
        await stand.open()
        stand.run(intake)
        await intake.wait_for(1)
    assert items(intake.accepted)[0]["quantity"] == Decimal("1.5")


FAILING = [
    (fault("s:Server", "busy"), 500, NotConnected, "busy"),
    (fault("s:Client", "no"), 500, Misconfigured, "no"),
    (soap("<e:GetChangedOrdersResponse><e:order/></e:GetChangedOrdersResponse>"), 200, Misconfigured, "no watermark"),
    ("", 401, AuthFailed, "401"),
]


@pytest.mark.parametrize(("body", "status", "kind", "text"), FAILING)
async def test_a_call_that_fails_is_told(
    bench: Workbench, body: str, status: int, kind: type[Exception], text: str
) -> None:
    async with service(answering(body, status)) as url:
        error = await lost(polling(bench, url), Keeping())
    assert isinstance(error, kind)
    assert text in str(error)


async def test_a_service_that_asks_us_to_wait_is_left_alone(bench: Workbench) -> None:
    async with service(answering("", 503, **{"Retry-After": "60"})) as url:
        stand = polling(bench, url)
        await stand.open()
        stand.run(Keeping())
        await until(lambda: any(event == "poll.delayed" for _, event, _ in stand.log.events))
        assert not stand.lost.done()


async def test_a_service_that_is_gone_is_a_lost_connection(node: NodeServer, bench: Workbench) -> None:
    stand, intake = polling(bench, f"{node.url}/erp"), Keeping()
    await node.change(order("1", "2026-11-20T06:00:00Z"))
    await stand.open()
    stand.run(intake)
    await intake.wait_for(1)
    await node.stop()
    async with asyncio.timeout(10):
        assert isinstance(await stand.lost, NotConnected)
    await stand.close()
    await node.start()
    await node.change(order("2", "2026-11-20T08:00:00Z"))
    await stand.open_when_possible()
    stand.run(intake)
    await intake.wait_for(2)
    assert [one["number"] for one in items(intake.accepted)] == ["1", "2"]


async def test_a_connection_that_listens_cannot_be_polled(bench: Workbench) -> None:
    stand = bench.stand(SPEC, SPEC.source, {"wsdl": ERP, "listen": "127.0.0.1:0"}, SETTINGS)
    with pytest.raises(Misconfigured, match="'poll' calls a service"):
        await stand.open()


async def test_a_connection_that_calls_needs_poll(bench: Workbench) -> None:
    made = {"wsdl": ERP, "url": "http://127.0.0.1:1/erp"}
    stand = bench.stand(SPEC, SPEC.source, made, {"operation": "GetChangedOrders"})
    with pytest.raises(Misconfigured, match="'poll'"):
        await stand.open()
