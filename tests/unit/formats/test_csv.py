"""The format `csv`: dialects, encodings, and records as columns and cells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tundish.errors import Invalid
from tundish.formats.contract import Decoded
from tundish.formats.csv import SPEC, CsvFormat, CsvSettings
from tundish.model import Record, Value


def a_format(**given: object) -> CsvFormat:
    return CsvFormat(CsvSettings.model_validate(given))


def records(body: bytes, size: int = 65536, **given: object) -> list[Value]:
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    decoded = list(a_format(**given).decode(chunks))
    assert all(isinstance(item, Decoded) for item in decoded), decoded
    return [item.record for item in decoded if isinstance(item, Decoded)]


def test_cells_are_text_and_keep_their_zeros() -> None:
    assert list(a_format().decode([b"order,qty\r\n000004711,1.50\r\n,\r\n"])) == [
        Decoded({"order": "000004711", "qty": "1.50"}, "line 2"),
        Decoded({"order": "", "qty": ""}, "line 3"),
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_chunks_may_cut_anywhere(size: int) -> None:
    body = 'a,b\r\n"x ""y"",\r\n z",ä\n\n€,"\n"'.encode()
    assert records(body, size) == [{"a": 'x "y",\r\n z', "b": "ä"}, {"a": "€", "b": "\n"}]


def test_a_row_over_several_lines_has_the_number_of_its_first() -> None:
    body = b'a,b\n"1\n2\n3",x\n4,y'
    assert [item.where for item in a_format().decode([body]) if isinstance(item, Decoded)] == ["line 2", "line 5"]


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("cp1252", "cp1252"),
        ("iso-8859-15", "iso-8859-15"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("gb18030", "gb18030"),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_encodings(encoding: str, codec: str, size: int) -> None:
    body = "größe;preis\r\n10 m;5 €\r\n".encode(codec)
    assert records(body, size, encoding=encoding, delimiter=";") == [{"größe": "10 m", "preis": "5 €"}]


def test_dialects() -> None:
    assert records(b"a\tb\n'x\ty'\tz\n", delimiter="\t", quote="'") == [{"a": "x\ty", "b": "z"}]


def test_columns_without_a_header() -> None:
    assert records(b"1,2\n", header=False, columns=["a", "b"]) == [{"a": "1", "b": "2"}]
    assert a_format(header=False, columns=["b", "a"]).encode([{"a": "1", "b": "2"}]) == b"2,1\r\n"
    assert records(b"1\n2\n", header=False, columns=["a"]) == [{"a": "1"}, {"a": "2"}]


def test_a_header_alone_is_no_record() -> None:
    assert records(b"a,b\r\n") == []


def test_numbers_with_a_decimal_comma() -> None:
    given: dict[str, Any] = {"delimiter": ";", "numbers": ["qty", "n"], "decimal_mark": ","}
    body = b"qty;n;text\r\n-1250,500;12;1,5\r\n;+7;\r\n"
    assert records(body, **given) == [
        {"qty": Decimal("-1250.500"), "n": 12, "text": "1,5"},
        {"qty": None, "n": 7, "text": ""},
    ]
    assert a_format(**given).encode(records(body, **given)) == body.replace(b"+", b"")


def test_values_become_cells() -> None:
    record: Record = {"text": "a,b", "no": None, "yes": True, "never": False, "n": 10**30, "d": Decimal("1E+3")}
    assert a_format().encode([record]) == (
        b'text,no,yes,never,n,d\r\n"a,b",,true,false,1000000000000000000000000000000,1000\r\n'
    )


def test_columns_order_what_is_written_and_absent_cells_are_empty() -> None:
    assert a_format(columns=["b", "a"]).encode([{"a": "1"}, {"b": "2"}]) == b"b,a\r\n,1\r\n2,\r\n"
    assert a_format().encode([]) == b"\r\n"


def test_all_faults_of_writing_are_told() -> None:
    with pytest.raises(Invalid) as caught:
        a_format(columns=["a"]).encode([{"a": []}, "text", {"b": 1, "a": {}}, {"a": Decimal("1E+999999999")}])
    assert [(fault.path, fault.text) for fault in caught.value.faults] == [
        ("[0].a", "the value is a list, which a cell cannot hold"),
        ("[1]", "the record is no object, so it has no columns"),
        ("[2].b", "there is no such column"),
        ("[2].a", "the value is an object, which a cell cannot hold"),
        ("[3].a", "the value is Decimal('1E+999999999'), which a cell cannot hold"),
    ]
    with pytest.raises(Invalid, match=r"^not writable as CSV: a: the value is a list"):
        a_format().encode([{"a": []}])


def test_a_character_that_the_encoding_lacks_is_not_replaced() -> None:
    with pytest.raises(Invalid, match="the character '→' does not exist in cp1252; write UTF-8"):
        a_format(encoding="cp1252").encode([{"a": "→"}])


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"header": False}, "`columns` must name the columns"),
        ({"columns": ["a", "a"]}, "names a column twice"),
        ({"columns": ["a"], "numbers": ["b"]}, "`numbers` names the column 'b'"),
        ({"delimiter": '"'}, "two different characters"),
        ({"delimiter": "\n"}, "no line end"),
        ({"encoding": "utf-7"}, "utf-8"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        CsvSettings.model_validate(given)


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
tables = st.lists(st.text("abc äö\"',;", min_size=1, max_size=5), min_size=1, max_size=4, unique=True).flatmap(
    lambda columns: st.lists(st.fixed_dictionaries(dict.fromkeys(columns, cells)), min_size=1, max_size=5)
)


@given(tables, st.sampled_from([";", ",", "\t", "|"]), st.sampled_from(["utf-8", "utf-16"]), st.integers(1, 50))
@settings(max_examples=150)
def test_what_is_written_is_read_again(table: list[Value], delimiter: str, encoding: str, size: int) -> None:
    given = {"delimiter": delimiter, "encoding": encoding}
    assert records(a_format(**given).encode(table), size, **given) == table


def test_the_declaration_builds_the_format() -> None:
    assert isinstance(SPEC.build(SPEC.settings()), CsvFormat)
