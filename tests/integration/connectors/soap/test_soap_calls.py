"""What is sent, and what a foreign server makes of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping

import pytest
from aiohttp import web
from lxml import etree

from tests.conformance.soap_peers import ERP, NodeServer
from tests.conformance.stand import Workbench, until
from tests.integration.connectors.soap.soap_stands import (
    BOOKED,
    SPEC,
    calling,
    confirmation,
    outgoing_record,
    refusal,
    service,
    soap,
    told,
)
from tundish.errors import AuthFailed, DeliveryError, Duplicate, Invalid, Misconfigured, Rejected, Transient, Unknown
from tundish.model import Value

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("version", ["1.1", "1.2"])
async def test_a_foreign_server_books_what_is_sent(node: NodeServer, bench: Workbench, version: str) -> None:
    stand = calling(bench, f"{node.url}/erp", version=version)
    await stand.open()
    scrap: Value = [{"reason": "material", "quantity": 2, "quantity_attributes": {"unit": "C62"}}]
    receipt = await stand.destination.deliver(confirmation(scrap=scrap, note=["a", "b <&> ü"]))
    assert told(receipt.facts) == {"document": "D-4711"}
    (booked,) = await node.booked()
    assert booked["body"]["yield"] == {"attributes": {"unit": "C62"}, "$value": 10.5}
    assert booked["body"]["note"] == ["a", "b <&> ü"]
    assert booked["body"]["scrap"][0]["quantity"]["$value"] == 2
    assert booked["headers"]["idempotency-key"] == "key-00001"


@pytest.mark.parametrize(
    ("version", "media", "action"),
    [("1.1", "text/xml; charset=utf-8", '"urn:example:erp/BookConfirmation"'), ("1.2", "application/soap+xml", None)],
)
async def test_the_head_of_a_request(bench: Workbench, version: str, media: str, action: str | None) -> None:
    seen: list[Mapping[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        seen.append(request.headers)
        return web.Response(text=soap(BOOKED, version), content_type="text/xml")

    async with service(take) as url:
        stand = calling(bench, url, version=version)
        await stand.open()
        await stand.destination.deliver(confirmation())
    (headers,) = seen
    assert headers["Content-Type"].startswith(media)
    assert headers.get("SOAPAction") == action
    if version == "1.2":
        assert 'action="urn:example:erp/BookConfirmation"' in headers["Content-Type"]
    assert headers["Accept-Encoding"] == "identity"


async def test_addressing_names_the_message_the_same_at_every_attempt(bench: Workbench) -> None:
    seen: list[etree._Element] = []

    async def take(request: web.Request) -> web.Response:
        seen.append(etree.fromstring(await request.read()))
        return web.Response(text=soap(BOOKED), content_type="text/xml")

    async with service(take) as url:
        stand = calling(bench, url, addressing=True)
        await stand.open()
        for number in (1, 1, 2):
            await stand.destination.deliver(confirmation(number))
    wsa = "{http://www.w3.org/2005/08/addressing}"
    first, again, other = (request.findtext(f".//{wsa}MessageID") for request in seen)
    assert first == again != other
    assert str(first).startswith("urn:uuid:")
    assert seen[0].findtext(f".//{wsa}Action") == "urn:example:erp/BookConfirmation"
    assert seen[0].findtext(f".//{wsa}To") == url


async def test_a_record_that_does_not_fit_is_invalid_with_every_fault_and_path(bench: Workbench) -> None:
    async def take(request: web.Request) -> web.Response:
        raise AssertionError("nothing may be sent")

    record: Value = {
        "order": "4711-much-too-long",
        "yeild": 3,
        "posted": "21.11.2026",
        "scrap": [{"reason": "material", "quantity": 1}, {"reason": "weather", "quantity": [1, 2]}],
    }
    async with service(take) as url:
        stand = calling(bench, url)
        await stand.open()
        with pytest.raises(Invalid) as caught:
            await stand.destination.deliver(outgoing_record(record))
        with pytest.raises(Invalid) as previewed:
            stand.destination.preview(outgoing_record(record))
    found = {(one.path, one.text.partition(".")[0]) for one in caught.value.faults}
    assert {str(one) for one in previewed.value.faults} == {str(one) for one in caught.value.faults}
    assert ("BookConfirmation", "the WSDL has no field 'yeild' here") in found
    paths = [path for path, _ in found]
    assert "BookConfirmation/order" in paths
    assert "BookConfirmation/scrap[2]/quantity" in paths
    assert any("did you mean 'yield'?" in one.cure for one in caught.value.faults)
    assert all(one.cure for one in caught.value.faults)


async def test_a_preview_shows_the_xml_and_needs_no_service(bench: Workbench) -> None:
    stand = calling(bench, "http://127.0.0.1:1/erp")
    shown = stand.destination.preview(confirmation())
    assert shown["operation"] == "BookConfirmation"
    assert shown["version"] == "1.1"
    node = etree.fromstring(str(shown["xml"]))
    assert node.findtext("{urn:example:types}yield") == "10.500"


FAULTS = [
    ("client", Rejected, "the order is not known"),
    ("server", Transient, "the data base is locked"),
    ("denied", AuthFailed, "who are you?"),
    ("closed", Rejected, "the period is closed"),
]


@pytest.mark.parametrize(("order", "kind", "text"), FAULTS, ids=[one[0] for one in FAULTS])
async def test_faults_of_a_foreign_server(
    node: NodeServer, bench: Workbench, order: str, kind: type[DeliveryError], text: str
) -> None:
    error = await refusal(bench, f"{node.url}/erp", order)
    assert type(error) is kind
    assert text in error.text
    assert text in error.detail


async def test_the_detail_of_a_fault_is_data_for_the_route_to_classify(node: NodeServer, bench: Workbench) -> None:
    error = await refusal(bench, f"{node.url}/erp", "closed")
    assert error.facts["fault"] == {
        "code": "Client",
        "subcode": "",
        "reason": "the period is closed",
        "actor": "",
        "detail": {"PeriodClosed": {"period": "2026-10"}},
    }


async def test_a_fault_that_says_it_was_there_is_a_duplicate(node: NodeServer, bench: Workbench) -> None:
    settings: dict[str, object] = {"operation": "BookConfirmation", "duplicate_codes": ["Duplicate"]}
    stand = calling(bench, f"{node.url}/erp", settings)
    await stand.open()
    with pytest.raises(Duplicate, match="it was booked before"):
        await stand.destination.deliver(confirmation(order="twice"))


async def test_without_an_answer_nobody_knows(node: NodeServer, bench: Workbench) -> None:
    error = await refusal(bench, f"{node.url}/erp", "slow", operation_timeout="300ms")
    assert type(error) is Unknown
    assert "operation_timeout" in error.text
    assert len(await node.booked()) == 1, "it was booked all the same"


async def test_where_nobody_listens_nothing_was_sent(bench: Workbench) -> None:
    error = await refusal(bench, "http://127.0.0.1:1/erp")
    assert type(error) is Transient
    assert "cannot be reached" in error.text


async def test_an_operation_without_an_answer(node: NodeServer, bench: Workbench) -> None:
    stand = calling(bench, f"{node.url}/erp", {"operation": "Ping"})
    await stand.open()
    receipt = await stand.destination.deliver(outgoing_record({"text": "hello"}))
    assert told(receipt.facts) is None


async def test_an_operation_that_is_not_there_is_misconfigured_with_a_suggestion(bench: Workbench) -> None:
    stand = calling(bench, "http://127.0.0.1:1/erp", {"operation": "BookConfirmtion"})
    with pytest.raises(Misconfigured, match="did you mean 'BookConfirmation'"):
        await stand.open()


async def test_a_connection_that_listens_cannot_call(bench: Workbench) -> None:
    settings = {"operation": "BookConfirmation"}
    stand = bench.stand(SPEC, SPEC.destination, {"wsdl": ERP, "listen": "127.0.0.1:0"}, settings)
    with pytest.raises(Misconfigured, match="cannot call"):
        await stand.open()


async def test_the_thread_ends_with_the_connection(node: NodeServer, bench: Workbench) -> None:
    def threads() -> list[str]:
        return [one.name for one in threading.enumerate() if one.name.startswith("connection/soap")]

    stand = calling(bench, f"{node.url}/erp")
    await stand.open()
    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(stand.destination.deliver(confirmation(number)))
    assert len(threads()) == 1
    await stand.close()
    await until(lambda: not threads(), lambda: str(threads()))
