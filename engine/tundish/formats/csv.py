"""The format `csv`: tables as text, by RFC 4180 and in the dialects that plants have. Nothing is guessed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import Decoded, Format, FormatSpec, Undecodable
from tundish.formats.csv_rows import BadRow, CsvRows, Row
from tundish.formats.encodings import Encoding
from tundish.formats.numbers import NotANumber, number_text, read_number
from tundish.model import Settings, Value


class CsvSettings(Settings):
    """Read and write CSV. Every cell is text, unless `numbers` names its column."""

    delimiter: str = Field(",", min_length=1, max_length=1)
    """The character between two cells, e.g. `;`, or a tab in double quotes."""
    quote: str = Field('"', min_length=1, max_length=1)
    """The character around cells that hold delimiters, quotes or line ends."""
    encoding: Encoding = "utf-8"
    """How characters are bytes; a byte order mark is tolerated."""
    header: bool = True
    """The first row names the columns."""
    columns: tuple[str, ...] = ()
    """The columns' names: needed without a header; with one, the header must say exactly this. They also give the
    order in which records are written; without them it is the order of the first record's fields."""
    numbers: tuple[str, ...] = ()
    """Columns whose cells are exact numbers; an empty cell is null."""
    decimal_mark: Literal[".", ","] = "."
    """The decimal mark of numbers, read and written."""
    max_record: int = Field(1024 * 1024, gt=0)
    """Refuse a record of more characters; the records behind it are read."""

    @model_validator(mode="after")
    def _names_its_columns(self) -> Self:
        if not self.header and not self.columns:
            raise ValueError("without a header, `columns` must name the columns")
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("`columns` names a column twice")
        if self.columns and (strange := [name for name in self.numbers if name not in self.columns]):
            raise ValueError(f"`numbers` names the column {strange[0]!r}, which `columns` has not")
        if self.delimiter == self.quote or {self.delimiter, self.quote} & set("\r\n"):
            raise ValueError("delimiter and quote are two different characters, and no line end")
        return self


class CsvFormat(Format):
    """One record per row: an object from column to cell.

    LF and CRLF end a row; a CR alone does not, and makes its row a bad one outside of quotes. Blank lines are skipped.
    """

    content_type = "text/csv"

    def __init__(self, settings: CsvSettings) -> None:
        self._settings = settings
        self._numbers = frozenset(settings.numbers)

    def decode(self, chunks: Iterable[bytes]) -> Iterator[Decoded | Undecodable]:
        """The records in their order; memory is bounded by one record and one chunk.

        Raises Invalid where the header cannot be used, and where an encoding of two bytes a character breaks.
        """
        given = self._settings
        rows = iter(CsvRows(chunks, given.delimiter, given.quote, given.encoding, given.max_record))
        columns = self._header(rows) if given.header else given.columns
        width = len(columns)
        for row in rows:
            if isinstance(row, BadRow):
                yield Undecodable(row.raw, (row.fault,))
            elif len(row.cells) != width:
                fact = f"the row has {len(row.cells)} cells, but there are {width} columns"
                fault = Fault(
                    f"line {row.number}", fact, "write one cell for each column, quoted where it holds others"
                )
                yield Undecodable(row.raw(), (fault,))
            elif self._numbers:
                yield self._with_numbers(dict(zip(columns, row.cells)), row)  # noqa: B905 - the widths are the same
            else:
                yield Decoded(dict(zip(columns, row.cells)), f"line {row.number}")  # noqa: B905 - the same; it is slow

    def encode(self, records: Sequence[Value]) -> bytes:
        """A header, if there is one, and one row per record, with CRLF. Raises Invalid with all faults."""
        columns = self._settings.columns or _fields_of_first(records)
        text = io.StringIO(newline="")
        given = self._settings
        writer = csv.writer(text, delimiter=given.delimiter, quotechar=given.quote, lineterminator="\r\n")
        faults: list[Fault] = []
        if given.header:
            writer.writerow(columns)
        for number, record in enumerate(records):
            writer.writerow(self._cells(columns, record, f"[{number}]" if len(records) > 1 else "", faults))
        if not faults:
            try:
                return text.getvalue().encode(given.encoding)
            except UnicodeEncodeError as error:
                character = error.object[error.start]
                fact = f"the character {character!r} does not exist in {given.encoding}"
                faults.append(Fault("", fact, "write UTF-8, or replace it in the mapping"))
        raise Invalid("not writable as CSV: " + "; ".join(map(str, faults)), faults=faults)

    def _header(self, rows: Iterator[Row | BadRow]) -> Sequence[str]:
        """The names in the first row. Without usable names, no row has a meaning."""
        first = next(rows, None)
        if first is None:
            fault = Fault("", "the file is empty", "send a header, or set `header: false` and `columns`")
        elif isinstance(first, BadRow):
            fault = first.fault
        elif "" in first.cells:
            fault = Fault(
                f"line {first.number}", f"column {first.cells.index('') + 1} has no name", "name every column"
            )
        elif double := next((name for name in first.cells if first.cells.count(name) > 1), None):
            fault = Fault(f"line {first.number}", f"two columns are called {double!r}", "give each its own name")
        elif self._settings.columns and tuple(first.cells) != self._settings.columns:
            fact = f"the header is {first.cells}, but `columns` says {list(self._settings.columns)}"
            fault = Fault(f"line {first.number}", fact, "correct the one that is wrong")
        elif strange := self._numbers.difference(first.cells):
            fact = f"there is no column {min(strange)!r}, but `numbers` names it"
            fault = Fault(f"line {first.number}", fact, "correct the one that is wrong")
        else:
            return first.cells
        raise Invalid(f"not readable as CSV: {fault}", faults=(fault,))

    def _with_numbers(self, record: dict[str, Value], row: Row) -> Decoded | Undecodable:
        where = f"line {row.number}"
        faults: list[Fault] = []
        for name in self._numbers:
            try:
                record[name] = read_number(str(record[name]), self._settings.decimal_mark)
            except NotANumber as error:
                faults.append(Fault(f"{where}, column {name}", str(error), "set `decimal_mark`, or correct the cell"))
        return Undecodable(row.raw(), tuple(faults)) if faults else Decoded(record, where)

    def _cells(self, columns: Sequence[str], record: Value, where: str, faults: list[Fault]) -> list[str]:
        if not isinstance(record, dict):
            faults.append(Fault(where, "the record is no object, so it has no columns", "map it to an object"))
            return []
        dot = "." if where else ""
        faults += (
            Fault(f"{where}{dot}{name}", "there is no such column", f"there is {', '.join(columns)}")
            for name in sorted(record.keys() - set(columns))
        )
        cells = []
        for name in columns:
            try:
                cells.append(self._cell(record.get(name)))
            except NotANumber as error:
                faults.append(Fault(f"{where}{dot}{name}", str(error), "map it to text or a number"))
        return cells

    def _cell(self, value: Value) -> str:
        if isinstance(value, str):
            return value
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return number_text(value, self._settings.decimal_mark)


def _fields_of_first(records: Sequence[Value]) -> list[str]:
    first = records[0] if records else None
    return list(first) if isinstance(first, Mapping) else []


def _recognise(head: bytes) -> float:
    """Most whole lines have as many of some delimiter as the first; quoted ones make it less sure, not wrong."""
    lines = [line for line in head.split(b"\n")[:-1] if line.strip()]
    if len(lines) < 2 or b"\0" in head:
        return 0.0
    marks = [mark for mark in (b";", b",", b"\t", b"|") if mark in lines[0]]
    alike = [sum(line.count(mark) == lines[0].count(mark) for line in lines) / len(lines) for mark in marks]
    return round(max((0.7 * share for share in alike if share > 0.5), default=0.0), 2)


SPEC = FormatSpec(
    id="csv",
    settings=CsvSettings,
    build=CsvFormat,
    example="{csv: {delimiter: ';', encoding: cp1252}}",
    recognise=_recognise,
)
