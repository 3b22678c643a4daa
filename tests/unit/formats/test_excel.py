"""Workbooks: sheets, ranges and headers are named, cells are exact."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.formats.format_samples import workbook
from tundish.errors import Invalid
from tundish.formats.contract import Decoded, Undecodable
from tundish.formats.excel import ExcelFormat, ExcelSettings

MOMENT = datetime(2026, 10, 1, 6, 30, tzinfo=UTC).replace(tzinfo=None)
"""Workbooks know no zones."""


def read(rows: list[list[Any]], **given: Any) -> list[Any]:
    form = ExcelFormat(ExcelSettings.model_validate(given))
    found = form.decode([workbook({"Cover": [["nothing"]], "Orders": rows})])
    return [one.record if isinstance(one, Decoded) else one for one in found]


def refused(rows: list[list[Any]], **given: Any) -> str:
    with pytest.raises(Invalid) as raised:
        read(rows, **given)
    return str(raised.value.faults[0])


@pytest.mark.parametrize("sheet", ["Orders", 2])
def test_a_sheet_is_named_or_numbered(sheet: str | int) -> None:
    assert read([["order", "qty"], ["0004711", 12.5], [4712, 3]], sheet=sheet) == [
        {"order": "0004711", "qty": Decimal("12.5")},
        {"order": 4712, "qty": 3},
    ]


def test_numbers_are_what_the_sheet_shows() -> None:
    rows: list[list[Any]] = [["n"], [0.1], [1e15], [-2.50], [0.30000000000000004], [123456789.123456]]
    assert [one["n"] for one in read(rows, sheet=2)] == [
        Decimal("0.1"),
        1000000000000000,
        Decimal("-2.5"),
        Decimal("0.3"),
        Decimal("123456789.123456"),
    ]


def test_dates_times_and_booleans_have_their_own_texts() -> None:
    rows: list[list[Any]] = [
        ["a", "b", "c", "d", "e"],
        [date(2026, 10, 1), MOMENT, time(6, 30), True, timedelta(hours=30)],
    ]
    assert read(rows, sheet=2) == [
        {"a": "2026-10-01", "b": "2026-10-01T06:30:00", "c": "06:30:00", "d": True, "e": "1 day, 6:00:00"}
    ]


def test_header_and_range_are_where_the_route_says() -> None:
    rows: list[list[Any]] = [
        ["Orders of today"],
        [],
        ["order", "qty", None],
        ["units", None],
        ["1", 1],
        [],
        ["2", 2],
        ["sum", 3],
    ]
    assert read(rows, sheet=2, header_row=3, first_row=5, last_row=7) == [
        {"order": "1", "qty": 1},
        {"order": "2", "qty": 2},
    ]
    assert read([["1", 1], ["2"]], sheet=2, header_row=0, columns=["order", "qty"]) == [
        {"order": "1", "qty": 1},
        {"order": "2", "qty": None},
    ]


def test_cells_outside_of_the_columns_are_told_and_the_rest_goes_on() -> None:
    first, second = read([["order"], ["1", "note"], ["2"]], sheet=2)
    assert isinstance(first, Undecodable)
    assert str(first.faults[0]) == "row 2: the row has 2 cells, but there are 1 columns; name every column"
    assert second == {"order": "2"}


@pytest.mark.parametrize(
    ("rows", "given", "fault"),
    [
        ([["a"]], {"sheet": "Oders"}, "there is no sheet 'Oders'; the workbook has Cover, Orders"),
        ([["a"]], {"sheet": 3}, "there is no sheet 3; the workbook has Cover, Orders"),
        ([["a"]], {"sheet": 0}, "there is no sheet 0"),
        ([["a", None, "b"]], {"sheet": 2}, "row 1: the header is ['a', '', 'b']; give every column a name"),
        ([["a", "a"]], {"sheet": 2}, "row 1: the header is ['a', 'a']"),
        ([["a"]], {"sheet": 2, "header_row": 9}, "row 9: the sheet ends before the header"),
        ([["a"]], {"sheet": 2, "header_row": 0}, "nothing names the columns; set `columns`"),
        ([["a"]], {"sheet": 2, "columns": ["b"]}, "row 1: the header is ['a'], but `columns` says ['b']"),
        ([["a"]], {"sheet": 2, "largest": 100}, "the workbook has more than 100 bytes"),
    ],
)
def test_what_cannot_be_used_is_told(rows: list[list[Any]], given: dict[str, Any], fault: str) -> None:
    assert refused(rows, **given).startswith(fault)


@pytest.mark.parametrize("body", [b"", b"order;qty\n", b"PK\x03\x04", workbook({"a": [[1]]})[:-50]])
def test_what_is_no_workbook_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid, match="this is no workbook"):
        list(ExcelFormat(ExcelSettings()).decode([body]))


def test_workbooks_are_not_written() -> None:
    with pytest.raises(Invalid, match="workbooks can be read, but not written; write `csv`"):
        ExcelFormat(ExcelSettings()).encode([{}])


cells = (
    st.none()
    | st.booleans()
    | st.integers(-(10**14), 10**14)
    | st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1)
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_rows_round_trip(rows: list[tuple[Any, Any]]) -> None:
    wanted = [{"a": a, "b": b} for a, b in rows if (a, b) != (None, None)]
    assert read([["a", "b"], *(list(row) for row in rows)], sheet=2) == wanted
