"""The service that we are: what is taken, and from whom."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import Any

import pytest
from zeep import Client
from zeep.exceptions import Fault as ZeepFault

from tests.conformance.ports import LOOPBACK
from tests.conformance.soap_peers import ERP, HAS_NODE_SOAP, NODE, PEERS, TAKE, WITHOUT_NODE_SOAP
from tests.conformance.stand import Workbench
from tests.integration.connectors.soap.soap_callers import BOOK, CONFIRM, Answered, serving
from tests.integration.connectors.soap.soap_stands import SPEC, soap
from tundish.errors import Misconfigured, NotConnected
from tundish_connectors._http.exchange import Request as HttpRequest
from tundish_connectors.soap.connection import SoapConnection
from tundish_connectors.soap.listening.requests import Request
from tundish_connectors.soap.listening.telling import Told

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("version", "media"), [("1.1", "text/xml"), ("1.2", "application/soap+xml")])
async def test_a_request_is_a_record_and_its_answer_is_that_of_the_wsdl(
    bench: Workbench, version: str, media: str
) -> None:
    async with serving(bench) as we:
        answer = await we.caller.post(soap(CONFIRM, version), f"{media}; charset=utf-8")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(media)
    assert answer.find("document") == "D-1"
    (unit,) = we.intake.accepted
    expected = b'{"order":"4711","yield":10.500,"yield_attributes":{"unit":"C62"},"posted":"2026-11-21"}'
    assert unit.body == expected
    assert unit.meta["operation"] == "BookConfirmation"
    assert unit.meta["version"] == version


def call_with_zeep(port: int, **arguments: Any) -> Any:
    """Everything from the WSDL that we serve: its address, its imports, its types."""
    client = Client(f"http://{LOOPBACK}:{port}/erp?wsdl")
    return client.service.BookConfirmation(**arguments)


async def test_zeep_reads_our_wsdl_and_calls_us(bench: Workbench) -> None:
    quantity = {"_value_1": "10.5", "unit": "C62"}
    async with serving(bench) as we:
        port = we.caller.port
        answer = await asyncio.to_thread(
            call_with_zeep, port, order="4711", posted="2026-11-21", **{"yield": quantity}, note=["a"]
        )
        with pytest.raises(ZeepFault) as caught:
            await asyncio.to_thread(call_with_zeep, port, order="x" * 20, posted="21.11.", **{"yield": quantity})
    assert answer["document"] == "D-1"
    assert we.record()["note"] == ["a"]
    assert caught.value.code == "soap:Client"
    assert "BookConfirmation/order" in caught.value.message
    assert len(we.intake.accepted) == 1


def call_with_node(port: int, path: str, operation: str, arguments: object) -> Any:
    """What the client of the npm package `soap` says."""
    if not HAS_NODE_SOAP:
        pytest.skip(WITHOUT_NODE_SOAP)
    done = subprocess.run(
        [str(NODE), "soap/client.js", f"http://{LOOPBACK}:{port}{path}?wsdl", operation, json.dumps(arguments)],
        cwd=PEERS,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    return json.loads(done.stdout)


async def test_the_client_in_node_reads_our_wsdl_and_calls_us(bench: Workbench) -> None:
    async with serving(bench, {"operation": "Take", "response": {"receipt": "R-{{ id }}"}}, wsdl=TAKE) as we:
        answer = await asyncio.to_thread(call_with_node, we.caller.port, "/erp", "Take", {"id": "7", "text": "ü <&>"})
    assert answer == {"receipt": "R-1"}
    assert we.record() == {"id": "7", "text": "ü <&>"}


async def test_elements_in_a_wrong_namespace_are_named_with_the_right_one(bench: Workbench) -> None:
    """That client puts the children of an imported type into the namespace of the importing schema."""
    arguments = {"order": "4711", "yield": {"$value": "10.5", "attributes": {"unit": "C62"}}, "posted": "2026-11-21"}
    async with serving(bench) as we:
        answer = await asyncio.to_thread(call_with_node, we.caller.port, "/erp", "BookConfirmation", arguments)
    assert "it is in the namespace 'urn:example:erp', and the WSDL has it in 'urn:example:types'" in answer["error"]


async def test_the_wsdl_and_its_imports_lead_to_us(bench: Workbench) -> None:
    async with serving(bench) as we:
        wsdl = await we.caller.get("?wsdl")
        schema = await we.caller.get("?wsdl=tests/peers/soap/types/order.xsd")
        upper = await we.caller.get("?WSDL")
        absent = await we.caller.get("?wsdl=../../../pyproject.toml")
        plain = await we.caller.get()
        elsewhere = await we.caller.get(path="/other")
    address = f"http://{LOOPBACK}:{we.caller.port}/erp"
    assert wsdl.text.count(f'location="{address}"'.encode()) == 2
    assert f'schemaLocation="{address}?wsdl=tests/peers/soap/types/order.xsd"'.encode() in wsdl.text
    assert f'schemaLocation="{address}?wsdl=tests/peers/soap/types/simple.xsd"'.encode() in schema.text
    assert (wsdl.status, schema.status, upper.status) == (200, 200, 200)
    assert (absent.status, plain.status, elsewhere.status) == (404, 404, 404)


async def test_addressing_is_understood_and_answered(bench: Workbench) -> None:
    header = '<a:MessageID xmlns:a="http://www.w3.org/2005/08/addressing" s:mustUnderstand="1">urn:uuid:7</a:MessageID>'
    async with serving(bench) as we:
        answer = await we.caller.post(soap(CONFIRM, header=header))
    assert answer.find("RelatesTo") == "urn:uuid:7"
    assert we.intake.accepted[0].name == "urn:uuid:7"
    assert we.intake.accepted[0].meta["message_id"] == "urn:uuid:7"


async def test_a_port_that_is_taken_is_no_connection(bench: Workbench) -> None:
    async with serving(bench) as we:
        made = {"wsdl": ERP, "listen": f"{LOOPBACK}:{we.caller.port}"}
        other = bench.stand(SPEC, SPEC.source, made, BOOK, "other")
        with pytest.raises(NotConnected, match="cannot listen"):
            await other.open()


async def never(request: Request, http: HttpRequest) -> Told:
    """Takes nothing."""
    raise AssertionError


async def test_two_routes_cannot_take_the_same_operation(bench: Workbench) -> None:
    async with serving(bench) as we:
        assert isinstance(we.stand.connection, SoapConnection)
        listener = we.stand.connection.listener
        with pytest.raises(Misconfigured, match="two routes take the operation 'BookConfirmation'"):
            await listener.add("BookConfirmation", never)


async def test_many_at_the_same_time(bench: Workbench) -> None:
    async with serving(bench) as we, asyncio.TaskGroup() as group:
        asked = [group.create_task(we.caller.post(soap(CONFIRM))) for _ in range(25)]
    answers: list[Answered] = [one.result() for one in asked]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.find("document") for answer in answers}) == 25
