"""Flat files: positions, record types, messages, control totals."""

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

# The mechanics of a delivery call-off as VDA 4905 has it: 511 opens, 512 names a part, 513 its figures, 519 counts.
CALL_OFF = yaml.safe_load("""
type_at: 1..3
message: header
length: 40
encoding: cp1252
records:
  "511": {name: header, fields: {customer: 6..14, supplier: 15..23, number: {at: 24..28, type: number}}}
  "512": {name: part, fields: {item: 6..20, plant: 21..23}}
  "513": {name: figures, under: part, single: true, fields: {received: {at: 6..13, type: number, decimals: 3}}}
  "514": {name: call, under: part, fields: {due: 6..11, quantity: {at: 12..20, type: number}}}
  "519": {name: trailer, single: true, fields: {parts: {at: 6..12, type: number}, calls: {at: 13..19, type: number}}}
checks:
  - length(part) == trailer.parts
  - length(part[].call[]) == trailer.calls
""")
TEXT = """\
51101   1234567 00007654300042
51201A-100          DO1
5130100012500
514012610010000100
514012610020000200
51201B-200          DO2
5190100000020000002
"""


def calls() -> FixedFormat:
    return FixedFormat(FixedSettings.model_validate(CALL_OFF))


def read(edi: FixedFormat, text: str | bytes) -> list[Decoded | Undecodable]:
    return list(edi.decode([text if isinstance(text, bytes) else text.encode("cp1252")]))


def record(fixed: FixedFormat, text: str | bytes) -> Any:
    (one,) = read(fixed, text)
    assert isinstance(one, Decoded), one
    return one.record


def faults(fixed: FixedFormat, text: str | bytes) -> list[str]:
    return [str(fault) for one in read(fixed, text) if isinstance(one, Undecodable) for fault in one.faults]


def test_records_are_put_together_into_a_message() -> None:
    message = record(calls(), TEXT)
    assert message["header"] == {"customer": "1234567", "supplier": "0000765", "number": 43} | message["header"]
    first, second = message["part"]
    assert (first["item"], first["plant"]) == ("A-100", "DO1")
    assert first["figures"]["received"] == Decimal("12.500")
    assert [call["quantity"] for call in first["call"]] == [100, 200]
    assert second["call"] == []
    assert message["trailer"]["parts"] == 2


def test_each_header_begins_a_message() -> None:
    assert len(read(calls(), TEXT + TEXT)) == 2


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "5190100000020000002",
            "5190100000030000002",
            "line 1: the check `length(part) == trailer.parts` does not hold",
        ),
        ("5190100000020000002", "5190100000020000009", "line 1: the check `length(part[].call[]) == trailer.calls`"),
        ("51201A-100", "59901A-100", "line 2, columns 1..3: '599' is no record type of the layout"),
        ("010000100\n", "0100x0100\n", "line 4, columns 12..20, quantity: '00x0100' is no number"),
        ("51101 ", "51201 ", "line 1: the first record is no header"),
        ("51201A-100          DO1\n", "", "line 2: figures stands before any part"),
        ("5130100012500\n", "5130100012500\n5130100012500\n", "line 4: there is a second figures"),
        ("DO2", "DO2" + "x" * 40, "line 6: the record has 63 characters instead of 40"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_columns(old: str, new: str, fault: str) -> None:
    found = faults(calls(), TEXT.replace(old, new, 1))
    assert any(one.startswith(fault) for one in found), found


def test_a_message_is_written_as_it_was_read() -> None:
    fixed = calls()
    message = record(fixed, TEXT)
    assert record(fixed, fixed.encode([message])) == message


def test_a_message_that_does_not_fit_the_layout_is_not_written() -> None:
    fixed = calls()
    message = record(fixed, TEXT)
    message["part"][0]["call"][1]["day"] = "1"
    message["part"][1] = "none"
    message["rest"] = {}
    del message["header"]
    with pytest.raises(Invalid) as raised:
        fixed.encode([message, message])
    assert [fault.path for fault in raised.value.faults[:4]] == [
        "[0]",
        "[0].rest",
        "[0].part[0].call[1].day",
        "[0].part[1]",
    ]


def test_numbers_of_any_length_are_exact() -> None:
    layout = {"n": {"at": "1..60", "type": "number", "decimals": 3}}
    fixed = FixedFormat(FixedSettings.model_validate({"records": {"x": {"name": "x", "fields": layout}}}))
    number = Decimal("12345678901234567890123456789012345678901234567.125")
    assert record(fixed, fixed.encode([{"n": number}])) == {"n": number}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8", "gb18030", "shift_jis"])
@pytest.mark.parametrize("line_ends", [True, False])
def test_columns_are_characters_in_every_encoding(encoding: str, line_ends: bool) -> None:
    layout = {"records": {"x": {"name": "x", "fields": {"a": "1..4", "b": "5..6"}}}, "encoding": encoding, "length": 6}
    fixed = FixedFormat(FixedSettings.model_validate({**layout, "line_ends": line_ends}))
    records: list[Any] = [{"a": "東京", "b": "12"}, {"a": "x", "b": "京"}]
    body = fixed.encode(records)
    for size in (1, 3, 1000):
        chunks = [body[at : at + size] for at in range(0, len(body), size)]
        assert [one.record for one in fixed.decode(chunks) if isinstance(one, Decoded)] == records


def test_an_encoding_of_two_bytes_that_breaks_is_told() -> None:
    layout = {"records": {"x": {"name": "x", "fields": {"a": 1}}}, "encoding": "utf-16-le"}
    with pytest.raises(Invalid, match="the bytes are not utf-16-le"):
        read(FixedFormat(FixedSettings.model_validate(layout)), b"a\x00\x00\xd8a")


def test_a_record_without_an_end_is_told_and_not_held() -> None:
    fixed = FixedFormat(FixedSettings.model_validate({"records": {"x": {"name": "x", "fields": {"a": 1}}}}))
    assert faults(fixed, "x" * 200_000 + "\ny\n") == [
        "line 1: the record has more than 100000 characters; check the line ends"
    ]


def test_lines_alone_are_messages_of_their_own() -> None:
    stock = FixedFormat(
        FixedSettings.model_validate(
            {
                "records": {
                    "any": {"name": "stock", "fields": {"item": "1..6", "qty": {"at": "7..14", "type": "number"}}}
                },
                "decimal_mark": ",",
            }
        )
    )
    assert [one.record for one in read(stock, "A-1   12,5\r\n\r\nB-2   7-\r\n\x1a") if isinstance(one, Decoded)] == [
        {"item": "A-1", "qty": Decimal("12.5")},
        {"item": "B-2", "qty": -7},
    ]
    assert stock.encode([{"item": "A-1", "qty": Decimal("-1.5")}]) == b"A-1   -00001,5\r\n"


def test_flat_idoc_segments_follow_each_other_without_line_ends() -> None:
    idoc = FixedFormat(
        FixedSettings.model_validate(
            {
                "type_at": "1..10",
                "message": "control",
                "length": 30,
                "line_ends": False,
                "records": {
                    "EDI_DC40": {"name": "control", "fields": {"type": "11..20"}},
                    "E2EDK01": {"name": "head", "single": True, "fields": {"currency": "11..13"}},
                    "E2EDP01": {"name": "item", "fields": {"number": "11..16"}},
                },
            }
        )
    )
    text = "EDI_DC40  ORDERS05  ".ljust(30) + "E2EDK01   EUR".ljust(30) + "E2EDP01   000010".ljust(30)
    message = record(idoc, text)
    assert message["head"]["currency"] == "EUR"
    assert message["item"] == [{"number": "000010"}]
    assert idoc.encode([message]).decode().replace("\r\n", "") == text
    assert "has 5 characters instead of 30" in faults(idoc, text + "E2EDP")[0]


def test_bytes_outside_of_the_encoding_are_told() -> None:
    fixed = FixedFormat(FixedSettings.model_validate({"records": {"x": {"name": "x", "fields": {"a": "1..5"}}}}))
    assert "byte 0xFC at column 2 is no character of utf-8" in faults(fixed, b"M\xfcller\n")[0]
    with pytest.raises(Invalid, match="empty"):
        read(fixed, b"\r\n")


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ({"a": "toolong"}, "a: 'toolong' has 7 characters, but the field has 3"),
        ({"n": Decimal("1.234")}, "n: 1.234 has more than 2 decimals"),
        ({"n": {}}, "n: the value is an object"),
        ("text", "a message is an object"),
        ({"b": "1"}, "b: there is no such field; the layout has a, n, record"),
        ({"a": "1\n2"}, "a: the text holds a line end"),
    ],
)
def test_what_does_not_fit_is_never_cut(message: Any, fault: str) -> None:
    layout = {"a": "1..3", "n": {"at": "4..8", "type": "number", "decimals": 2}}
    fixed = FixedFormat(FixedSettings.model_validate({"records": {"x": {"name": "x", "fields": layout}}}))
    with pytest.raises(Invalid) as raised:
        fixed.encode([message])
    assert str(raised.value.faults[0]).startswith(fault)


@pytest.mark.parametrize(
    "change",
    [
        {"type_at": "3..1"},
        {"type_at": ""},
        {"message": "nobody"},
        {"line_ends": False, "length": 0},
        {"records": {"511": {"name": "header", "fields": {"a": "x"}}}},
        {"records": {"1": {"name": "a", "fields": {}}, "2": {"name": "a", "fields": {}}}},
    ],
)
def test_layouts_that_contradict_themselves_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FixedSettings.model_validate({**CALL_OFF, **change})


names = st.text(st.characters(codec="cp1252", exclude_categories=["Cc", "Zs"]), max_size=6)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(names, st.integers(-9999, 99999)), min_size=1, max_size=5))
def test_fixed_records_round_trip(rows: list[tuple[str, int]]) -> None:
    layout = {"name": "1..6", "n": {"at": "7..12", "type": "number"}, "end": "13..13"}
    fixed = FixedFormat(
        FixedSettings.model_validate({"records": {"x": {"name": "x", "fields": layout}}, "encoding": "cp1252"})
    )
    records: list[Any] = [{"name": name, "n": n, "end": "."} for name, n in rows]
    assert [one.record for one in fixed.decode([fixed.encode(records)]) if isinstance(one, Decoded)] == records
