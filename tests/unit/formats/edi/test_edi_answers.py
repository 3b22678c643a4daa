"""Acknowledgements say what could be read, and nothing is ever answered twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.formats.edi.edi_texts import (
    EDIFACT,
    EDIFACT_ORDER,
    GS,
    ISA,
    ORDER,
    ORDERS,
    UNB,
    X12,
    X12_ORDER,
    decoded,
)
from tundish.formats.contract import Decoded
from tundish.formats.edi.acknowledgement import Functional, answers
from tundish.formats.edi.survey import survey


def answered(text: str, functional: Functional = "997") -> list[tuple[Any, Any]]:
    """Type and segments of each answer."""
    found = survey([text.encode("iso-8859-1")])
    return [(answer["type"], answer["segments"]) for answer in answers(found, functional=functional)]


def test_a_sound_group_is_accepted() -> None:
    assert answered(X12_ORDER) == [
        ("997", [["AK1", "PO", "7"], ["AK2", "850", "0001"], ["AK5", "A"], ["AK9", "A", "1", 1, 1]])
    ]


def test_the_implementation_acknowledgement_names_versions() -> None:
    assert answered(X12_ORDER, "999") == [
        ("999", [["AK1", "PO", "7", "004010"], ["AK2", "850", "0001"], ["IK5", "A"], ["AK9", "A", "1", 1, 1]])
    ]


def test_one_bad_transaction_set_rejects_only_itself() -> None:
    text = ISA + GS + ORDER.replace("SE*5", "SE*9") + ORDER.replace("0001", "0002") + "GE*2*7~IEA*1*000000007~"
    ((kind, segments),) = answered(text)
    assert kind == "997"
    assert segments[2] == ["AK5", "R", "4"]
    assert segments[4] == ["AK5", "A"]
    assert segments[5] == ["AK9", "P", "2", 2, 1]


def test_a_bad_group_is_rejected() -> None:
    ((_, segments),) = answered(X12_ORDER.replace("GE*1*7", "GE*1*8"))
    assert segments[-1] == ["AK9", "R", "1", 1, 0, "4"]


def test_a_bad_interchange_gets_a_ta1_and_nothing_else() -> None:
    assert answered(X12_ORDER.replace("IEA*1*000000007", "IEA*1*000000009")) == [
        ("TA1", [["TA1", "000000007", "261001", "1200", "R", "001"]])
    ]


def test_a_ta1_is_sent_where_the_sender_wants_one() -> None:
    wanted = answered(X12_ORDER.replace("*000000007*0*P", "*000000007*1*P"))
    assert wanted[0] == ("TA1", [["TA1", "000000007", "261001", "1200", "A", "000"]])
    assert wanted[1][0] == "997"


def test_contrl_answers_each_message() -> None:
    text = UNB + ORDERS + ORDERS.replace("UNH+1", "UNH+2").replace("UNT+7+1", "UNT+8+2") + "UNZ+2+42'"
    ((kind, segments),) = answered(text)
    assert kind == "CONTRL"
    assert segments[0] == ["UCI", "42", ["ACME", "14"], ["SUPPLIER", "14"], "7"]
    assert segments[1] == ["UCM", "1", ["ORDERS", "D", "96A", "UN"], "7"]
    assert segments[2] == ["UCM", "2", ["ORDERS", "D", "96A", "UN"], "4", "29"]


def test_contrl_rejects_an_interchange_as_a_whole() -> None:
    ((_, segments),) = answered(EDIFACT_ORDER.replace("UNZ+1+42", "UNZ+1+43"))
    assert segments == [["UCI", "42", ["ACME", "14"], ["SUPPLIER", "14"], "4", "28"]]


@pytest.mark.parametrize("edi", [X12, EDIFACT], ids=["x12", "edifact"])
def test_acknowledgements_are_not_acknowledged(edi: Any) -> None:
    text = X12_ORDER if edi is X12 else EDIFACT_ORDER
    (answer,) = answers(survey([text.encode()]))
    written = edi.encode([answer], control=9)
    (again,) = decoded(edi, written)
    assert isinstance(again, Decoded)
    assert answered(written.decode()) == []
