"""The service that we are: what is taken, how it is answered, and what is refused with every fault."""

from __future__ import annotations

import asyncio
import json
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from zeep import Client
from zeep.exceptions import Fault as ZeepFault

from tests.conformance.ports import LOOPBACK
from tests.conformance.soap_peers import ERP, HAS_NODE_SOAP, NODE, PEERS, TAKE, WITHOUT_NODE_SOAP
from tests.conformance.stand import RecordingIntake, Workbench
from tests.integration.connectors.soap.soap_callers import BOOK, CONFIRM, Answered, serving
from tests.integration.connectors.soap.soap_stands import SPEC, soap
from tundish.errors import JournalFull, Misconfigured, NotConnected
from tundish.faults import Fault
from tundish.model import Acceptance, DeliveryProgress, Progress, Reply, Unit, Value
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


async def test_it_is_answered_after_the_durable_write(bench: Workbench) -> None:
    intake = RecordingIntake()
    intake.gate.clear()
    async with serving(bench, intake=intake) as we:
        asked = asyncio.ensure_future(we.caller.post(soap(CONFIRM)))  # noqa: TID251 - a test waits for it
        await intake.wait_for(1, offered=True)
        await asyncio.sleep(0.2)
        assert not asked.done()
        intake.gate.set()
        assert (await asked).status == 200


async def test_bad_input_is_a_fault_that_lists_everything_with_line_and_path(bench: Workbench) -> None:
    body = (
        "<e:BookConfirmation>\n<t:order>4711-much-too-long</t:order>\n<t:yield>10,5</t:yield>\n"
        "<t:posted>00000000</t:posted>\n<t:scrap><t:reason>weather</t:reason></t:scrap></e:BookConfirmation>"
    )
    async with serving(bench) as we:
        answer = await we.caller.post(soap(body))
        other = await we.caller.post(soap(body, "1.2"), "application/soap+xml")
    assert (answer.status, other.status) == (500, 400)
    assert answer.find("faultcode") == "soap:Client"
    assert other.find("Value") == "soap:Sender"
    assert answer.all("where") == other.all("where")
    assert answer.all("where")[:2] == ["line 2, BookConfirmation/order", "line 3, BookConfirmation/yield"]
    assert "line 4, BookConfirmation/posted" in answer.all("where")
    assert len(answer.all("where")) >= 5
    assert all(answer.all("cure"))
    assert we.intake.offered == []


MUST = '<x:Audit xmlns:x="urn:x" s:mustUnderstand="{}" {}/>'


async def test_a_header_that_must_be_understood(bench: Workbench) -> None:
    other = 's:actor="urn:somebody-else"'
    async with serving(bench) as we:
        refused = await we.caller.post(soap(CONFIRM, header=MUST.format("1", "")))
        refused_1_2 = await we.caller.post(soap(CONFIRM, "1.2", MUST.format("true", "")), "application/soap+xml")
        ignored = await we.caller.post(soap(CONFIRM, header=MUST.format("0", "")))
        not_for_us = await we.caller.post(soap(CONFIRM, header=MUST.format("1", other)))
    assert refused.find("faultcode") == "soap:MustUnderstand"
    assert refused_1_2.find("Value") == "soap:MustUnderstand"
    assert refused_1_2.status == 500
    assert "urn:x" in refused.find("faultstring")
    assert (ignored.status, not_for_us.status) == (200, 200)


async def test_addressing_is_understood_and_answered(bench: Workbench) -> None:
    header = '<a:MessageID xmlns:a="http://www.w3.org/2005/08/addressing" s:mustUnderstand="1">urn:uuid:7</a:MessageID>'
    async with serving(bench) as we:
        answer = await we.caller.post(soap(CONFIRM, header=header))
    assert answer.find("RelatesTo") == "urn:uuid:7"
    assert we.intake.accepted[0].name == "urn:uuid:7"
    assert we.intake.accepted[0].meta["message_id"] == "urn:uuid:7"


REFUSED = [
    ("not xml", b"hello", "text/xml", 500, "Client", "not well-formed"),
    ("empty", b"", "text/xml", 500, "Client", "there is no envelope"),
    ("no envelope", b"<a/>", "text/xml", 500, "Client", "the root is a"),
    (
        "no body",
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>',
        "text/xml",
        500,
        "Client",
        "no Body",
    ),
    (
        "other version",
        b'<s:Envelope xmlns:s="urn:soap-3"><s:Body/></s:Envelope>',
        "text/xml",
        500,
        "VersionMismatch",
        "",
    ),
    ("two bodies", soap("<a/><b/>").encode(), "text/xml", 500, "Client", "2 elements"),
    (
        "unknown operation",
        soap("<e:Nonsense/>").encode(),
        "text/xml",
        500,
        "Client",
        "there is no operation for Nonsense",
    ),
    ("wrong namespace", soap("<BookConfirmation/>").encode(), "text/xml", 500, "Client", "no operation"),
    ("no route", soap("<e:Ping><e:text>a</e:text></e:Ping>").encode(), "text/xml", 503, "Server", "no route takes"),
    ("json", b"{}", "application/json", 415, "Client", "text/xml or application/soap+xml"),
    ("attachments", b"--x", "multipart/related", 415, "Client", "attachments (MTOM, SwA)"),
]


@pytest.mark.parametrize(
    ("body", "media", "status", "code", "text"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED]
)
async def test_what_is_refused(bench: Workbench, body: bytes, media: str, status: int, code: str, text: str) -> None:
    async with serving(bench) as we:
        answer = await we.caller.post(body, media)
        assert (await we.caller.post(soap(CONFIRM))).status == 200, "and it goes on"
    assert (answer.status, answer.find("faultcode")) == (status, f"soap:{code}")
    assert text in answer.find("faultstring")
    assert len(we.intake.offered) == 1


async def test_compressed_messages_and_other_methods_are_refused(bench: Workbench) -> None:
    async with serving(bench) as we:
        compressed = await we.caller.post(soap(CONFIRM), Content_Encoding="gzip")
        put = await asyncio.to_thread(we.caller._ask, "PUT", "/erp", b"", {})
    assert compressed.status == 415
    assert (put.status, put.headers["allow"]) == (405, "GET, HEAD, POST")


OUTCOMES = [
    ("duplicate", 200, ""),
    ("conflict", 500, "the same key came before with other content"),
    ("invalid", 500, "refused"),
]


@pytest.mark.parametrize(("outcome", "status", "text"), OUTCOMES)
async def test_what_became_of_it_is_told(bench: Workbench, outcome: Any, status: int, text: str) -> None:
    def decide(unit: Unit, number: int) -> Acceptance:
        faults = (Fault("order", "it is closed", "open it"),) if outcome == "invalid" else ()
        return Acceptance(outcome, (7,), faults)

    async with serving(bench, intake=RecordingIntake(decide=decide)) as we:
        answer = await we.caller.post(soap(CONFIRM), Idempotency_Key="k-1")
    assert answer.status == status
    assert text in answer.find("faultstring")
    assert answer.find("document") == ("D-7" if status == 200 else "")
    if outcome == "invalid":
        assert (answer.all("where"), answer.all("text"), answer.all("cure")) == (
            ["order"],
            ["it is closed"],
            ["open it"],
        )
    assert we.intake.offered[0].name == "k-1"


async def test_back_pressure_says_when_to_come_back(bench: Workbench) -> None:
    class Full(RecordingIntake):
        async def accept(self, unit: Unit) -> Acceptance:
            raise JournalFull("full")

    async with serving(bench, intake=RecordingIntake(refusals=1)) as we:
        answer = await we.caller.post(soap(CONFIRM))
    assert (answer.status, answer.headers["retry-after"], answer.find("faultcode")) == (503, "1", "soap:Server")
    await bench.close()
    async with serving(bench, intake=Full()) as we:
        answer = await we.caller.post(soap(CONFIRM))
    assert (answer.status, answer.find("faultstring")) == (503, "messages cannot be stored now")


async def test_an_operation_without_an_answer_is_accepted(bench: Workbench) -> None:
    async with serving(bench, {"operation": "Ping"}) as we:
        answer = await we.caller.post(soap("<e:Ping><e:text>a</e:text></e:Ping>"))
    assert (answer.status, answer.text) == (202, b"")
    assert we.intake.accepted[0].body == b'{"text":"a"}'


async def test_an_answer_of_what_came(bench: Workbench) -> None:
    settings = {**BOOK, "response": {"document": "{{ request.order }}/{{ outcome }}", "booked": "{{ request.yield }}"}}
    async with serving(bench, settings) as we:
        answer = await we.caller.post(soap(CONFIRM))
    assert answer.find("document") == "4711/accepted"
    assert answer.find("booked") == "10.500"


async def test_an_answer_that_cannot_be_made_says_that_the_message_is_there(bench: Workbench) -> None:
    settings = {**BOOK, "response": {"document": "a", "booked": "{{ request.order }}x"}}
    async with serving(bench, settings) as we:
        answer = await we.caller.post(soap(CONFIRM))
    assert answer.find("faultcode") == "soap:Server"
    assert "was accepted as 1, and its answer" in answer.find("faultstring")


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"operation": "BookConfirmation"}, "does not fit the WSDL: BookConfirmationResponse: Missing child element"),
        ({**BOOK, "response": {"document": "a", "bookd": 1}}, "no field 'bookd'"),
        ({**BOOK, "response": {"document": "a", "booked": "x"}}, "'x' is not a valid value"),
        ({"operation": "Book"}, "has no operation 'Book'"),
    ],
)
async def test_a_wrong_answer_shows_when_it_opens(bench: Workbench, settings: dict[str, object], text: str) -> None:
    stand = bench.stand(SPEC, SPEC.source, {"wsdl": ERP, "listen": "127.0.0.1:0"}, settings)
    with pytest.raises(Misconfigured) as caught:
        await stand.open()
    assert text in str(caught.value)


@dataclass
class Replying(RecordingIntake):
    """An intake of a route that replies after delivery."""

    reply_with: Reply | None = None

    async def reply(self, acceptance: Acceptance) -> Reply | None:
        """What the test wants."""
        return self.reply_with


def replied(outcome: Any, delivery: DeliveryProgress, content: Value = None) -> Replying:
    """A route that replies this."""
    progress = Progress(1, datetime.now(UTC), "done", (delivery,))
    return Replying(reply_with=Reply(outcome, (progress,), content))


BOOKED = DeliveryProgress("erp", "delivered", "4900017", {"status": 201})


async def test_after_delivery_the_answer_may_say_what_the_destination_said(bench: Workbench) -> None:
    response = {"document": "{{ destinations.erp.remote_id }}/{{ destinations.erp.answer.status }}"}
    async with serving(bench, {**BOOK, "response": response}, replied("delivered", BOOKED)) as we:
        answer = await we.caller.post(soap(CONFIRM))
    assert answer.find("document") == "4900017/201"


async def test_after_delivery_the_route_says_the_answer(bench: Workbench) -> None:
    intake = replied("delivered", BOOKED, {"document": "R-1"})
    async with serving(bench, {**BOOK, "response": {}}, intake) as we:
        answer = await we.caller.post(soap(CONFIRM))
    assert (answer.status, answer.find("document")) == (200, "R-1")


@pytest.mark.parametrize(
    ("error", "code"), [("Rejected", "Client"), ("BusinessRejected", "Client"), ("Transient", "Server")]
)
async def test_a_dead_letter_is_a_fault(bench: Workbench, error: str, code: str) -> None:
    dead = DeliveryProgress("erp", "dead", "", None, error, "the period is closed")
    async with serving(bench, intake=replied("dead", dead)) as we:
        answer = await we.caller.post(soap(CONFIRM))
    assert (answer.status, answer.find("faultcode")) == (500, f"soap:{code}")
    assert answer.all("where") == ["erp"]
    assert "accepted as 1 and could not be delivered: erp: " in answer.find("faultstring")


async def test_what_takes_too_long_may_be_asked_for_again(bench: Workbench) -> None:
    waiting = DeliveryProgress("erp", "open")
    async with serving(bench, intake=replied("late", waiting)) as we:
        answer = await we.caller.post(soap(CONFIRM))
    assert (answer.status, answer.headers["retry-after"], answer.find("faultcode")) == (503, "5", "soap:Server")
    assert "is not delivered yet" in answer.find("faultstring")


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
