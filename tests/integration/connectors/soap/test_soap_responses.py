"""How a request is answered: by what became of it, and as the route and the WSDL say."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conformance.soap_peers import ERP
from tests.conformance.stand import RecordingIntake, Workbench
from tests.integration.connectors.soap.soap_callers import BOOK, CONFIRM, serving
from tests.integration.connectors.soap.soap_stands import SPEC, soap
from tundish.errors import Misconfigured
from tundish.faults import Fault
from tundish.model import Acceptance, DeliveryProgress, Progress, Reply, Unit, Value

pytestmark = pytest.mark.anyio


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
