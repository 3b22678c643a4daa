"""One record type, compiled: a line to fields and back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tundish.faults import Fault
from tundish.formats.fixed.cells import CellLine, Cells
from tundish.formats.fixed.columns import ColumnLine, Columns
from tundish.formats.fixed.settings import FieldLayout, RecordLayout, span_of
from tundish.formats.fixed.writing import Placed
from tundish.formats.numbers import NotANumber, number_text, read_number, shifted
from tundish.model import Record, Value


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    start: int
    end: int
    number: bool
    decimals: int
    pad: str


class Layout:
    """Reads and writes records of one type."""

    def __init__(
        self,
        type_value: str,
        settings: RecordLayout,
        type_at: tuple[int, int] | None,
        mark: str,
        form: Columns | Cells,
    ) -> None:
        self.type = type_value
        self.name = settings.name
        self.under = settings.under
        self.single = settings.single
        self._type_at = type_at
        self._mark = mark
        self._form = form
        self.fields = frozenset(settings.fields)
        self._fields = [_field(name, layout) for name, layout in settings.fields.items()]
        self._texts = [(field.name, field.start, field.end) for field in self._fields if not field.number]
        self._numbers = [field for field in self._fields if field.number]
        self._width = max([*(field.end for field in self._fields), type_at[1] if type_at else 0])

    def read(self, line: ColumnLine | CellLine, faults: list[Fault]) -> Record:
        """The fields of a record; what is no number is a fault."""
        faults += line.surplus(self._width)
        record: Record = {name: line.cut(start, end) for name, start, end in self._texts}
        for field in self._numbers:
            try:
                record[field.name] = self._number(line.cut(field.start, field.end), field)
            except NotANumber as error:
                place = f"{line.place(field.start, field.end)}, {field.name}"
                faults.append(Fault(place, str(error), "check the layout, or ask the sender"))
        return record

    def write(self, record: Record, path: str, faults: list[Fault]) -> str:
        """A record's line with its end; what cannot be written, and what has no place, is a fault."""
        placed = [Placed(self.type, *self._type_at, path)] if self._type_at else []
        for field in self._fields:
            inner = f"{path}{field.name}"
            text = self._shown(record.get(field.name), field, inner, faults)
            placed.append(Placed(text, field.start, field.end, inner, field.number, field.pad))
        return self._form.write(self._width, placed, path, faults)

    def _number(self, text: str, field: _Field) -> int | Decimal | None:
        stripped = text.strip()
        # ERP systems write the sign behind the digits: `125-`.
        if stripped.endswith(("-", "+")):
            stripped = stripped[-1] + stripped[:-1]
        value = read_number(stripped, self._mark)
        if value is None or not field.decimals or isinstance(value, Decimal):
            return value
        return shifted(value, -field.decimals)

    def _shown(self, value: Value, field: _Field, path: str, faults: list[Fault]) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str) and not field.number:
            return value
        try:
            return self._digits(value, field)
        except NotANumber as error:
            faults.append(Fault(path, str(error), "map it to text or a number"))
            return ""

    def _digits(self, value: Value, field: _Field) -> str:
        """A number's text. Raises NotANumber."""
        if not field.decimals or not isinstance(value, int | Decimal):
            return number_text(value, self._mark)
        scaled = shifted(Decimal(number_text(value, ".")), field.decimals)
        if scaled != scaled.to_integral_value():
            raise NotANumber(f"{value} has more than {field.decimals} decimals")
        return str(int(scaled))


def _field(name: str, layout: str | FieldLayout) -> _Field:
    given = FieldLayout(at=layout) if isinstance(layout, str) else layout
    start, end = span_of(given.at)
    return _Field(name, start, end, given.type == "number", given.decimals, given.pad)
