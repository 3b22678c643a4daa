"""Delimited files of header, line and trailer records: the same layouts, with cells for columns."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tundish.errors import Invalid
from tundish.formats.contract import Decoded, Undecodable
from tundish.formats.fixed import FixedFormat, FixedSettings

INVOICES = yaml.safe_load("""
delimiter: ";"
type_at: 1
message: header
decimal_mark: ","
records:
  H: {name: header, fields: {number: 2, customer: 3}}
  L: {name: line, fields: {item: 2, text: 3, quantity: {at: 4, type: number}, amount: {at: 5, type: number}}}
  T: {name: trailer, single: true, fields: {lines: {at: 2, type: number}, amount: {at: 3, type: number}}}
checks:
  - length(line) == trailer.lines
  - sum(line[].amount) == trailer.amount
""")
TEXT = """H;0004711;"Müller; Söhne"
L;A-1;"M8 ""hex""
second line";10;12,50
L;A-2;;1,5;7,25-
T;2;5,25
"""


def invoices(**changed: Any) -> FixedFormat:
    return FixedFormat(FixedSettings.model_validate({**INVOICES, **changed}))


def read(form: FixedFormat, text: str | bytes) -> list[Decoded | Undecodable]:
    return list(form.decode([text if isinstance(text, bytes) else text.encode()]))


def faults(text: str | bytes) -> list[str]:
    return [str(fault) for one in read(invoices(), text) if isinstance(one, Undecodable) for fault in one.faults]


def test_records_of_cells_are_put_together_into_a_message() -> None:
    (one,) = read(invoices(), TEXT)
    assert isinstance(one, Decoded), one
    assert one.record == {
        "header": {"number": "0004711", "customer": "Müller; Söhne"},
        "line": [
            {"item": "A-1", "text": 'M8 "hex"\nsecond line', "quantity": 10, "amount": Decimal("12.50")},
            {"item": "A-2", "text": "", "quantity": Decimal("1.5"), "amount": Decimal("-7.25")},
        ],
        "trailer": {"lines": 2, "amount": Decimal("5.25")},
    }
    assert one.where == "line 1"


def test_what_was_read_is_written_again() -> None:
    form = invoices()
    (one,) = read(form, TEXT)
    assert isinstance(one, Decoded)
    body = form.encode([one.record])
    assert body.startswith('H;0004711;"Müller; Söhne"\r\nL;A-1;'.encode())
    assert read(form, body)[0] == one


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("T;2;5,25", "T;3;5,25", "line 1: the check `length(line) == trailer.lines` does not hold"),
        ("T;2;5,25", "T;2;5,26", "line 1: the check `sum(line[].amount) == trailer.amount` does not hold"),
        ("L;A-2;;1,5;7,25-", "L;A-2;;1,5", "line 4: the record has 4 cells, but its layout has 5"),
        ("L;A-2;;1,5;7,25-", "L;A-2;;1,5;7,25-;x", "line 4: the record has 6 cells, but its layout has 5"),
        ("L;A-2;;1,5;7,25-", "L;A-2;;1.5;7,25-", "line 4, cell 4, quantity: '1.5' is no number"),
        ("L;A-2", "X;A-2", "line 4, cell 1: 'X' is no record type of the layout; the layout has H, L, T"),
        ("L;A-2;;", 'L;A-2;"open;', "line 4: a quote is opened and never closed"),
        ("H;0004711", "T;0004711", "line 1: the first record is no header"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_cell(old: str, new: str, fault: str) -> None:
    found = faults(TEXT.replace(old, new, 1))
    assert any(one.startswith(fault) for one in found), found


def test_bytes_outside_of_the_encoding_are_told() -> None:
    assert faults(TEXT.encode("cp1252")) == [
        "line 1: byte 0xFC is no character of the encoding; set `encoding` to what the sender writes"
    ]


def test_more_empty_cells_blank_lines_and_an_end_mark_are_tolerated() -> None:
    text = "\ufeff" + TEXT.replace("T;2;5,25", "\r\nT;2;5,25;;").replace("\n", "\r\n") + "\x1a"
    assert faults(text) == []


def test_a_file_of_one_type_needs_no_type() -> None:
    form = FixedFormat(
        FixedSettings.model_validate({"delimiter": "|", "records": {"any": {"name": "x", "fields": {"a": 1, "b": 3}}}})
    )
    assert [one.record for one in read(form, "1|no|2\n") if isinstance(one, Decoded)] == [{"a": "1", "b": "2"}]
    assert form.encode([{"a": "1", "b": "2|3"}]) == b'1||"2|3"\r\n'
    with pytest.raises(Invalid, match="there is no such field"):
        form.encode([{"c": "1"}])
    with pytest.raises(Invalid, match="the value is a list"):
        form.encode([{"a": []}])


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"delimiter": '"'}, "two different characters"),
        ({"delimiter": "\n"}, "no line end"),
        ({"length": 10}, "belong to columns"),
        ({"type_at": "1..3"}, "'1..3' are several cells"),
        ({"type_at": True}, "valid string"),
        ({"records": {"H": {"name": "header", "fields": {"a": {"at": "2..3"}}}}}, "'2..3' are several cells"),
        ({"records": {"H": {"name": "header", "fields": {"a": 0}}}}, "'0' is no place in a record"),
    ],
)
def test_layouts_that_contradict_themselves_are_refused(change: dict[str, Any], fact: str) -> None:
    with pytest.raises(ValidationError, match=fact):
        invoices(**change)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=8)
numbers = st.decimals(-999_999, 999_999, places=2) | st.integers(-999_999, 999_999) | st.none()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.tuples(texts, texts, numbers), max_size=3), min_size=1, max_size=3))
def test_messages_of_cells_round_trip(messages: list[list[tuple[str, str, Any]]]) -> None:
    form = invoices(checks=())
    records: list[Any] = [
        {
            "header": {"number": "1", "customer": "c"},
            "line": [
                {"item": item, "text": text, "quantity": number, "amount": number} for item, text, number in lines
            ],
            "trailer": {"lines": len(lines), "amount": 0},
        }
        for lines in messages
    ]
    found = [one.record if isinstance(one, Decoded) else one for one in form.decode([form.encode(records)])]
    assert found == records
