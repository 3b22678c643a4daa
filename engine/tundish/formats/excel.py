"""The format `excel`: the rows of a sheet of an .xlsx, .xls or .ods workbook."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import Decoded, Format, FormatSpec, Undecodable
from tundish.model import Settings, Value


class ExcelSettings(Settings):
    """Rows of a sheet; each is one record."""

    sheet: str | int = 1
    """Name of the sheet, or its number from 1."""
    header_row: int = Field(1, ge=0)
    """The row that names the columns, from 1; 0: `columns` names them."""
    columns: tuple[str, ...] = ()
    """The columns' names, where no row says them; with a header row, it must say exactly this."""
    first_row: int = Field(0, ge=0)
    """The first row of data, from 1; 0: the one behind the header."""
    last_row: int = Field(0, ge=0)
    """The last row of data, from 1; 0: the last one of the sheet."""
    largest: int = Field(32 * 1024 * 1024, gt=0)
    """Refuse a workbook of more bytes; it is held as a whole."""


class ExcelFormat(Format):
    """Cells are text, exact numbers, booleans, or RFC 3339 dates and times without an offset; empty ones are null.

    A number is what Excel shows of it: 15 significant digits. Rows without any value are skipped.
    """

    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def __init__(self, settings: ExcelSettings) -> None:
        self._settings = settings

    def decode(self, chunks: Iterable[bytes]) -> Iterator[Decoded | Undecodable]:
        """The rows in their order. Raises Invalid where workbook, sheet or header cannot be used."""
        rows = _rows(_collected(chunks, self._settings.largest), self._settings.sheet)
        columns = self._columns(rows)
        first = self._settings.first_row or self._settings.header_row + 1
        last = self._settings.last_row or len(rows)
        for number in range(first, min(last, len(rows)) + 1):
            cells = [_value(cell) for cell in rows[number - 1]]
            if not any(cell is not None for cell in cells):
                continue
            if any(cell is not None for cell in cells[len(columns) :]):
                fact = f"the row has {len(cells)} cells, but there are {len(columns)} columns"
                yield Undecodable(repr(rows[number - 1]).encode(), (Fault(f"row {number}", fact, "name every column"),))
                continue
            record = dict(zip(columns, [*cells, *[None] * len(columns)], strict=False))
            yield Decoded(record, f"row {number}")

    def encode(self, records: Sequence[Value]) -> bytes:
        """Workbooks are only read. Raises Invalid."""
        fault = Fault("", "workbooks can be read, but not written", "write `csv`; spreadsheets open it")
        raise Invalid(f"not writable as Excel: {fault}", faults=(fault,))

    def _columns(self, rows: list[list[Any]]) -> Sequence[str]:
        number = self._settings.header_row
        if not number:
            if self._settings.columns:
                return self._settings.columns
            raise _unreadable("", "nothing names the columns", "set `columns`, or `header_row`")
        if number > len(rows):
            raise _unreadable(f"row {number}", "the sheet ends before the header", "check `sheet` and `header_row`")
        names = [str(cell).strip() if cell is not None else "" for cell in rows[number - 1]]
        while names and not names[-1]:
            names.pop()
        if "" in names or len(set(names)) != len(names):
            raise _unreadable(f"row {number}", f"the header is {names}", "give every column a name of its own")
        if self._settings.columns and tuple(names) != self._settings.columns:
            fact = f"the header is {names}, but `columns` says {list(self._settings.columns)}"
            raise _unreadable(f"row {number}", fact, "correct the one that is wrong")
        return names


def _collected(chunks: Iterable[bytes], largest: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > largest:
            raise _unreadable("", f"the workbook has more than {largest} bytes", "send less, or raise `largest`")
    return bytes(body)


def _rows(body: bytes, sheet: str | int) -> list[list[Any]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(body))
        names = workbook.sheet_names
        name = names[sheet - 1] if isinstance(sheet, int) and 0 < sheet <= len(names) else sheet
        if name not in names:
            raise _unreadable("", f"there is no sheet {sheet!r}", f"the workbook has {', '.join(names)}")
        return workbook.get_sheet_by_name(str(name)).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError) as error:
        raise _unreadable("", f"this is no workbook ({error})", "send .xlsx, .xls or .ods") from None


def _value(cell: Any) -> Value:
    match cell:
        case None | "":
            return None
        case bool() | str():
            return cell
        case int() | float():
            # A sheet holds binary numbers and shows 15 digits: what the sender saw is the value.
            number = Decimal(format(cell, ".15g"))
            return int(number) if number == number.to_integral_value() else number
        case datetime() | date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
    return str(cell)


def _unreadable(where: str, fact: str, cure: str) -> Invalid:
    fault = Fault(where, fact, cure)
    return Invalid(f"not readable as Excel: {fault}", faults=(fault,))


def _recognise(head: bytes) -> float:
    # A workbook is a zip archive of parts, or (.xls) an OLE2 compound file.
    if head.startswith(b"PK\x03\x04"):
        return 0.9 if b"xl/" in head or b"[Content_Types].xml" in head or b"opendocument.spreadsheet" in head else 0.3
    return 0.9 if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") else 0.0


SPEC = FormatSpec(
    id="excel",
    settings=ExcelSettings,
    build=ExcelFormat,
    example="{excel: {sheet: Orders, header_row: 3}}",
    extra="excel",
    recognise=_recognise,
)
