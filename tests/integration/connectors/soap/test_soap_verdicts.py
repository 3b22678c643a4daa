"""What an answer means for a delivery."""

from __future__ import annotations

import pytest

from tests.conformance.stand import Workbench
from tests.integration.connectors.soap.soap_stands import BOOKED, answering, fault, refusal, service, soap
from tundish.errors import AuthFailed, DeliveryError, Rejected, Throttled, Transient, Unknown

pytestmark = pytest.mark.anyio

SENDER = soap(
    '<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:x="urn:x">x:Period</s:Value></s:Subcode>'
    '</s:Code><s:Reason><s:Text xml:lang="en">closed</s:Text></s:Reason><s:Detail><p>10</p><p>11</p></s:Detail>'
    "</s:Fault>",
    "1.2",
)
RECEIVER = SENDER.replace("s:Sender", "s:Receiver")
ANSWERS = [
    ("sender", SENDER, 400, {}, Rejected),
    ("receiver", RECEIVER, 500, {}, Transient),
    ("receiver-busy", RECEIVER, 503, {"Retry-After": "7"}, Throttled),
    ("must-understand", fault("s:MustUnderstand", "no"), 500, {}, Rejected),
    ("no-code", soap("<s:Fault/>"), 500, {}, Transient),
    ("own-code", fault("E1001", "no"), 500, {}, Rejected),
    ("dotted", fault("s:Client.Authentication", "no"), 500, {}, AuthFailed),
    ("fault-with-200", fault("s:Server", "no"), 200, {}, Transient),
    ("html-500", "<html>broken</html>", 500, {}, Transient),
    ("html-404", "<html>nothing here</html>", 404, {}, Rejected),
    ("401", "", 401, {}, AuthFailed),
    ("403", "", 403, {}, AuthFailed),
    ("408", "", 408, {}, Transient),
    ("429", "", 429, {}, Throttled),
    ("503", "", 503, {"Retry-After": "3"}, Throttled),
    ("302", "", 302, {"Location": "http://elsewhere.example/"}, Rejected),
    # Taken, but nobody can say what became of it.
    ("html-200", "<html>thank you</html>", 200, {}, Unknown),
    ("empty-200", "", 200, {}, Unknown),
    ("other-body", soap("<e:Other/>"), 200, {}, Unknown),
    (
        "broken-number",
        soap(BOOKED.replace("</e:document>", "</e:document><e:booked>10,5</e:booked>")),
        200,
        {},
        Unknown,
    ),
    ("entities", f"<!DOCTYPE s [<!ENTITY a 'b'>]>{soap(BOOKED)}", 200, {}, Unknown),
]


@pytest.mark.parametrize(
    ("body", "status", "headers", "kind"), [one[1:] for one in ANSWERS], ids=[one[0] for one in ANSWERS]
)
async def test_what_an_answer_means(
    bench: Workbench, body: str, status: int, headers: dict[str, str], kind: type[DeliveryError]
) -> None:
    async with service(answering(body, status, **headers)) as url:
        error = await refusal(bench, url)
    assert type(error) is kind, error
    assert error.facts["status"] == status
    if "Retry-After" in headers:
        assert isinstance(error, Throttled)
        assert error.seconds == float(headers["Retry-After"])


async def test_a_fault_of_1_2_is_data_too(bench: Workbench) -> None:
    async with service(answering(SENDER, 400)) as url:
        error = await refusal(bench, url)
    assert error.facts["fault"] == {
        "code": "Client",
        "subcode": "Period",
        "reason": "closed",
        "actor": "",
        "detail": {"p": ["10", "11"]},
    }


async def test_an_answer_with_attachments_is_a_clear_error(bench: Workbench) -> None:
    async with service(answering("--x\r\n", media="multipart/related")) as url:
        error = await refusal(bench, url)
    assert type(error) is Unknown
    assert "attachments (MTOM, SwA), which are not supported" in error.text


async def test_an_answer_that_is_too_long_is_not_read(bench: Workbench) -> None:
    async with service(answering(soap(BOOKED) + " " * 5000)) as url:
        error = await refusal(bench, url, largest_answer="4KiB")
    assert type(error) is Unknown
    assert "largest_answer" in error.text
