"""Records as cells between delimiters: files of header, line and trailer records that spreadsheets write."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tundish.faults import Fault
from tundish.formats.csv_rows import BadRow, CsvRows
from tundish.formats.fixed.settings import FixedSettings
from tundish.formats.fixed.writing import Placed

_LONGEST = 1024 * 1024
_END_OF_FILE = ["\x1a"]


@dataclass(frozen=True, slots=True)
class CellLine:
    """One record's cells; it may span lines, where a cell holds line ends."""

    cells: list[str]
    number: int
    raw: bytes
    faults: tuple[Fault, ...] = ()

    @property
    def where(self) -> str:
        """The first line."""
        return f"line {self.number}"

    def cut(self, start: int, end: int) -> str:
        """The text of one cell as it is; empty where the record is shorter."""
        del end
        return self.cells[start] if start < len(self.cells) else ""

    def place(self, start: int, end: int) -> str:
        """The line with the cell."""
        del end
        return f"{self.where}, cell {start + 1}"

    def surplus(self, width: int) -> tuple[Fault, ...]:
        """A record has the cells of its layout; none is left out, and only empty ones may follow."""
        held = len(self.cells)
        if held < width or any(self.cells[width:]):
            fact = f"the record has {held} cells, but its layout has {width}"
            return (Fault(self.where, fact, "write one cell for each field, quoted where it holds others"),)
        return ()


class Cells:
    """Reads and writes delimited lines."""

    def __init__(self, settings: FixedSettings) -> None:
        self._settings = settings

    def read(self, chunks: Iterable[bytes]) -> Iterator[CellLine]:
        """The records' cells; blank lines and an end-of-file mark (1A) are skipped. Raises Invalid."""
        given = self._settings
        for row in CsvRows(chunks, given.delimiter, given.quote, given.encoding, _LONGEST):
            if isinstance(row, BadRow):
                yield CellLine([], row.number, row.raw, (row.fault,))
            elif row.cells != _END_OF_FILE:
                yield CellLine(row.cells, row.number, row.raw())

    def write(self, width: int, placed: Sequence[Placed], path: str, faults: list[Fault]) -> str:
        """One line; cells are quoted where they have to be."""
        del path, faults
        cells = [""] * width
        for one in placed:
            cells[one.start] = one.text
        line = io.StringIO()
        given = self._settings
        csv.writer(line, delimiter=given.delimiter, quotechar=given.quote, lineterminator="\r\n").writerow(cells)
        return line.getvalue()
