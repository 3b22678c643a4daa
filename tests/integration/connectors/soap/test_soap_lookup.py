"""Questions: answers as data, exact, and nothing that is silently null."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from tests.conformance.soap_peers import ERP, NodeServer
from tests.conformance.stand import Workbench
from tests.integration.connectors.soap.soap_stands import SPEC, answering, asking, fault, service, soap, told
from tundish.errors import DeliveryError, Invalid, Rejected, Transient

pytestmark = pytest.mark.anyio


def order(quantity: str = "10.500", due: str = "2026-11-20", shift_end: str = "14:00:00") -> str:
    """An answer of `GetOrder`."""
    return soap(
        "<e:GetOrderResponse><e:order><t:number>0004711</t:number>"
        f"<t:quantity>{quantity}</t:quantity><t:due>{due}</t:due><t:shift_end>{shift_end}</t:shift_end>"
        "<t:changed_at>2026-11-20T06:00:00.5+01:00</t:changed_at></e:order></e:GetOrderResponse>"
    )


async def found(bench: Workbench, url: str, **connection: object) -> Mapping[str, object]:
    """The facts of an answer."""
    stand = asking(bench, url, None, **connection)
    await stand.open()
    return (await stand.lookup.find({"order": "4711"})).facts


async def test_an_answer_is_data_with_exact_numbers_and_dates_as_text(bench: Workbench) -> None:
    async with service(answering(order())) as url:
        facts = await found(bench, url)
    assert told(facts) == {
        "order": {
            "number": "0004711",
            "quantity": Decimal("10.500"),
            "due": "2026-11-20",
            "shift_end": "14:00:00",
            "changed_at": "2026-11-20T06:00:00.5+01:00",
        }
    }
    assert str(told(facts)["order"]["quantity"]) == "10.500"
    assert facts["status"] == 200


SILENT = [
    ("a comma", {"quantity": "10,500"}, "quantity", "10,500"),
    ("no date", {"due": "00000000"}, "due", "00000000"),
    ("no such day", {"due": "2026-02-30"}, "due", "2026-02-30"),
    ("hour 24", {"shift_end": "24:00:00"}, "shift_end", "24:00:00"),
    ("an empty number", {"quantity": ""}, "quantity", "''"),
]


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize(("fields", "name", "text"), [one[1:] for one in SILENT], ids=[one[0] for one in SILENT])
async def test_what_cannot_be_read_is_a_fault_with_its_place_and_never_null(
    bench: Workbench, fields: dict[str, str], name: str, text: str, *, checked: bool
) -> None:
    async with service(answering(order(**fields))) as url:
        with pytest.raises(Invalid) as caught:
            await found(bench, url, check_answers=checked)
    (one,) = caught.value.faults
    assert one.path == f"line 1, GetOrderResponse/order/{name}"
    assert text in one.text


async def test_every_fault_of_an_answer_is_told(bench: Workbench) -> None:
    async with service(answering(order("1,5", "00000000", "14:00"))) as url:
        with pytest.raises(Invalid) as caught:
            await found(bench, url)
    assert [one.path.rpartition("/")[2] for one in caught.value.faults] == ["quantity", "due", "shift_end"]


async def test_a_server_that_mixes_up_namespaces_is_read_where_a_user_asks_for_it(
    node: NodeServer, bench: Workbench
) -> None:
    with pytest.raises(Invalid, match="does not fit the WSDL"):
        await found(bench, f"{node.url}/erp")
    await bench.close()
    facts = await found(bench, f"{node.url}/erp", check_answers=False)
    assert told(facts)["order"]["quantity"] == Decimal("10.500")


async def test_not_found_is_an_answer(node: NodeServer, bench: Workbench) -> None:
    stand = asking(bench, f"{node.url}/erp", {"not_found_codes": ["NotFound"]})
    await stand.open()
    facts = (await stand.lookup.find({"order": "missing"})).facts
    assert facts["status"] == 404
    assert facts["fault"] == {
        "code": "Client",
        "subcode": "NotFound",
        "reason": "no such order",
        "actor": "",
        "detail": None,
    }


async def test_an_answer_that_holds_nothing_is_an_answer(node: NodeServer, bench: Workbench) -> None:
    stand = asking(bench, f"{node.url}/erp")
    await stand.open()
    assert told((await stand.lookup.find({"order": "none"})).facts) == {}


async def test_a_question_without_an_answer_may_be_asked_again(bench: Workbench) -> None:
    error = await refusal(bench, "http://127.0.0.1:1/erp")
    assert type(error) is Transient


async def refusal(bench: Workbench, url: str) -> DeliveryError:
    """What a question raises."""
    with pytest.raises(DeliveryError) as caught:
        await found(bench, url)
    return caught.value


@pytest.mark.parametrize(
    ("body", "kind"), [(fault("s:Server", "busy"), Transient), (fault("s:Client", "no"), Rejected), ("<a/>", Rejected)]
)
async def test_what_an_answer_means(bench: Workbench, body: str, kind: type[DeliveryError]) -> None:
    async with service(answering(body)) as url:
        assert type(await refusal(bench, url)) is kind


async def test_arguments_that_do_not_fit_are_invalid(bench: Workbench) -> None:
    stand = asking(bench, "http://127.0.0.1:1/erp")
    await stand.open()
    with pytest.raises(Invalid, match="GetOrder/order"):
        await stand.lookup.find({"order": "much-too-long-for-an-order"})
    with pytest.raises(Invalid, match="no result") as caught:
        await stand.lookup.find({})
    assert caught.value.faults[0].path == "order"


async def test_a_listener_cannot_ask(bench: Workbench) -> None:
    stand = bench.stand(SPEC, SPEC.lookup, {"wsdl": ERP, "listen": "127.0.0.1:0"}, {"operation": "GetOrder"})
    with pytest.raises(Exception, match="cannot call"):
        await stand.open()
