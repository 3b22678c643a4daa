"""CSV that is broken in one row, and must not take the other rows with it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import Decoded, Undecodable
from tundish.formats.csv import CsvFormat, CsvSettings
from tundish.model import Record


def read(body: bytes, size: int = 65536, **given: Any) -> list[Decoded | Undecodable]:
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return list(CsvFormat(CsvSettings.model_validate(given)).decode(chunks))


def good(items: list[Decoded | Undecodable]) -> list[tuple[object, str]]:
    return [(item.record, item.where) for item in items if isinstance(item, Decoded)]


def bad(items: list[Decoded | Undecodable]) -> list[tuple[bytes, str, str]]:
    return [(item.raw, item.faults[0].path, item.faults[0].text) for item in items if isinstance(item, Undecodable)]


FIRST: Record = {"a": "1", "b": "2"}
LAST: Record = {"a": "3", "b": "4"}


@pytest.mark.parametrize(
    ("row", "fact"),
    [
        (b"x\n", "the row has 1 cells, but there are 2 columns"),
        (b"x,y,z\r\n", "the row has 3 cells, but there are 2 columns"),
        (b'x,"y\n', "a quote is opened and never closed"),
        (b'x,"y" z\n', "text follows a closing quote"),
        (b"x,y\rz\n", "a CR without LF stands in the row"),
        (b"x,\xe4\n", "byte 0xE4 is no character of the encoding"),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_a_bad_row_is_told_and_the_rest_goes_on(row: bytes, fact: str, size: int) -> None:
    items = read(b"a,b\n1,2\n" + row + b"3,4\n", size)
    assert good(items) == [(FIRST, "line 2"), (LAST, "line 4")]
    assert bad(items) == [(row, "line 3", fact)]


def test_an_open_quote_is_told_apart_from_the_next_quoted_row() -> None:
    items = read(b'a,b\n1,2\nx,"y\n"3","4"\n')
    assert good(items) == [(FIRST, "line 2"), (LAST, "line 4")]
    assert bad(items) == [(b'x,"y\n', "line 3", "text follows a closing quote")]


def test_a_wrong_row_of_several_lines_is_rejected_as_one() -> None:
    items = read(b'a,b\n1,2\nx,"y\nz",\r\n3,4\n')
    assert good(items) == [(FIRST, "line 2"), (LAST, "line 5")]
    assert bad(items) == [(b'x,"y\nz",\r\n', "line 3", "the row has 3 cells, but there are 2 columns")]


def test_lf_and_crlf_may_be_mixed_because_both_are_clear() -> None:
    assert good(read(b"a,b\r\n1,2\n3,4\r\n")) == [(FIRST, "line 2"), (LAST, "line 3")]


def test_a_file_with_cr_alone_is_one_bad_row() -> None:
    with pytest.raises(Invalid, match="line 1: a CR without LF stands in the row; end rows with LF or CRLF"):
        read(b"a,b\r1,2\r3,4\r")


@pytest.mark.parametrize("around", [b"", b'"'], ids=["plain", "quoted"])
@pytest.mark.parametrize("size", [65536, 20 * 1024 * 1024])
def test_a_cell_of_10_mb_is_rejected(around: bytes, size: int) -> None:
    items = read(b"a,b\n1,2\nx," + around + b"y" * 10_000_000 + around + b"\n3,4\n", size)
    assert good(items) == [(FIRST, "line 2"), (LAST, "line 4")]
    assert [entry[1:] for entry in bad(items)] == [("line 3", "the record has more than 1048576 characters")]


def test_a_cell_over_the_limit_of_the_parser_is_rejected() -> None:
    items = read(b"a,b\n1,2\nx," + b"y" * 200_000 + b"\n3,4\n")
    assert good(items) == [(FIRST, "line 2"), (LAST, "line 4")]
    assert [entry[1:] for entry in bad(items)] == [("line 3", "a cell has more than 131072 characters")]


def test_a_quoted_cell_of_many_lines_over_the_limit_is_rejected() -> None:
    items = read(b'a,b\n1,2\nx,"' + b"y\n" * 200 + b'"\n3,4\n', max_record=100)
    assert good(items) == [(FIRST, "line 2"), (LAST, "line 204")]
    assert bad(items)[0] == (b'x,"y\n', "line 3", "the record has more than 100 characters")


def test_memory_is_bounded_by_one_record() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"a,b\n"
        for _ in range(40):
            yield b'1,"2' + b"\n" * 20_000
        yield b'"\n'

    decoded = CsvFormat(CsvSettings(max_record=10_000)).decode(chunks())
    tracemalloc.start()
    count = sum(1 for _ in decoded)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count >= 40
    assert peak < 5_000_000


@pytest.mark.parametrize("body", [b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid, match="the file is empty; send a header"):
        read(body)


@pytest.mark.parametrize(
    ("body", "given", "text"),
    [
        (b"a,,b\n", {}, "line 1: column 2 has no name"),
        (b"a,b,a\n", {}, "line 1: two columns are called 'a'"),
        (b'a,"b\n1,2\n', {}, "line 1: a quote is opened and never closed"),
        (b"a,\xe4\n", {}, "line 1: byte 0xE4 is no character of the encoding; set `encoding`"),
        (b"b,a\n", {"columns": ["a", "b"]}, r"line 1: the header is \['b', 'a'\], but `columns` says"),
        (b"a,b\n", {"numbers": ["c"]}, "line 1: there is no column 'c', but `numbers` names it"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00", {}, "byte 0xFF is no character"),
        (b"a,b\n1,2", {"encoding": "utf-16"}, "the bytes are not utf-16"),
        (b"a\x00\x00\xd8b\x00", {"encoding": "utf-16-le"}, "offset 2: the bytes are not utf-16-le"),
    ],
)
def test_a_header_that_names_nothing_is_refused(body: bytes, given: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid, match=text):
        read(body, **given)


def test_numbers_that_are_none_reject_their_row_with_all_faults() -> None:
    items = read(b"a,b\n1.000,5\nx,1e5\n3,4\n", numbers=["a", "b"], decimal_mark=",")
    assert good(items) == [({"a": 3, "b": 4}, "line 4")]
    faults = [item.faults for item in items if isinstance(item, Undecodable)]
    assert faults[0] == (
        Fault(
            "line 2, column a",
            "'1.000' is no number with the decimal mark ','",
            "set `decimal_mark`, or correct the cell",
        ),
    )
    assert {fault.path for fault in faults[1]} == {"line 3, column a", "line 3, column b"}


@given(st.binary(max_size=200), st.integers(1, 20))
@settings(max_examples=150)
def test_nothing_breaks_it_and_no_byte_is_lost(body: bytes, size: int) -> None:
    items = read(b"a,b\n1,2\n" + body + b"\n3,4\n", size, max_record=500)
    lines = body.count(b"\n")
    assert items[0] == Decoded(FIRST, "line 2")
    assert len(items) <= lines + 3
    assert items == read(b"a,b\n1,2\n" + body + b"\n3,4\n", max_record=500)
