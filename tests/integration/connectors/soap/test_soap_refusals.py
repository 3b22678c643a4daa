"""What is refused, with every fault."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.stand import RecordingIntake, Workbench
from tests.integration.connectors.soap.soap_callers import CONFIRM, serving
from tests.integration.connectors.soap.soap_stands import soap
from tundish.errors import JournalFull
from tundish.model import Acceptance, Unit

pytestmark = pytest.mark.anyio


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
