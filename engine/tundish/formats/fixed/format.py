"""The format `fixed`: flat files of records in columns, or in cells between delimiters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from tundish.errors import ExpressionError, Invalid
from tundish.faults import Fault
from tundish.formats.contract import Decoded, Format, FormatSpec, Undecodable
from tundish.formats.fixed.assembly import Assembly, Message
from tundish.formats.fixed.cells import CellLine, Cells
from tundish.formats.fixed.columns import ColumnLine, Columns
from tundish.formats.fixed.layout import Layout
from tundish.formats.fixed.settings import FixedSettings, span_of
from tundish.language.evaluation.values import is_true
from tundish.model import Record, Value


class FixedFormat(Format):
    """One record per message: of one line, or of all lines from one header to the next."""

    content_type: ClassVar[str] = "text/plain"

    def __init__(self, settings: FixedSettings) -> None:
        self._settings = settings
        self._type_at = span_of(settings.type_at) if settings.type_at else None
        self._form: Columns | Cells = Cells(settings) if settings.delimiter else Columns(settings)
        self._layouts = {
            value: Layout(value, record, self._type_at, settings.decimal_mark, self._form)
            for value, record in settings.records.items()
        }
        self._assembly = Assembly(self._layouts, settings.message)
        self._checks = [(check, check.compile()) for check in settings.checks]

    def decode(self, chunks: Iterable[bytes]) -> Iterator[Decoded | Undecodable]:
        """The messages in their order; memory is bounded by one message. Raises Invalid where there is none."""
        message: Message | None = None
        empty = True
        for line in self._form.read(chunks):
            empty = False
            layout = self._layout(line)
            if not self._settings.message:
                yield self._alone(line, layout)
                continue
            if layout is not None and layout.name == self._settings.message:
                if message is not None:
                    yield self._finished(message)
                message = None
            if message is None:
                message = self._assembly.begin(line.number)
                if not line.faults and (layout is None or layout.name != self._settings.message):
                    fact = f"the first record is no {self._settings.message}"
                    message.faults.append(Fault(line.where, fact, "check where the file was cut"))
            self._add(message, line, layout)
        if message is not None:
            yield self._finished(message)
        if empty:
            fault = Fault("", "the unit holds no record", "send at least one record")
            raise Invalid("not readable as fixed records: the unit is empty", faults=[fault])

    def encode(self, records: Sequence[Value]) -> bytes:
        """The lines of each message, in the order of the layout. Raises Invalid with all faults."""
        faults: list[Fault] = []
        lines: list[str] = []
        for at, record in enumerate(records):
            path = f"[{at}]" if len(records) > 1 else ""
            if not isinstance(record, dict):
                faults.append(Fault(path, "a message is an object", "map it to the layout's fields"))
            else:
                self._write(record, f"{path}." if path else "", lines, faults)
        if not faults:
            try:
                return "".join(lines).encode(self._settings.encoding)
            except UnicodeEncodeError as error:
                fact = f"the character {error.object[error.start]!r} does not exist in {self._settings.encoding}"
                faults.append(Fault("", fact, "write UTF-8, or replace it in the mapping"))
        raise Invalid("not writable as fixed records: " + "; ".join(map(str, faults)), faults=faults)

    # -- reading ------------------------------------------------------------------------------------------------

    def _layout(self, line: ColumnLine | CellLine) -> Layout | None:
        if self._type_at is None:
            return next(iter(self._layouts.values()))
        return self._layouts.get(line.cut(*self._type_at).strip(" "))

    def _alone(self, line: ColumnLine | CellLine, layout: Layout | None) -> Decoded | Undecodable:
        faults = list(line.faults)
        record = self._read(line, layout, faults)
        if layout and self._type_at:
            record = {"record": layout.name, **record}
        faults += self._failed(record, line.where) if not faults else []
        return Undecodable(line.raw, tuple(faults)) if faults else Decoded(record, line.where)

    def _add(self, message: Message, line: ColumnLine | CellLine, layout: Layout | None) -> None:
        message.raw.append(line.raw)
        message.faults += line.faults
        record = self._read(line, layout, message.faults)
        if layout is not None:
            self._assembly.add(message, layout, record, line.where)

    def _read(self, line: ColumnLine | CellLine, layout: Layout | None, faults: list[Fault]) -> Record:
        if layout is not None and not line.faults:
            return layout.read(line, faults)
        if layout is None and not line.faults:
            faults.append(self._unknown(line))
        return {}

    def _finished(self, message: Message) -> Decoded | Undecodable:
        where = f"line {message.line}"
        faults = message.faults or self._failed(message.record, where)
        if faults:
            return Undecodable(b"\n".join(message.raw), tuple(faults))
        return Decoded(message.record, where)

    def _failed(self, record: Record, where: str) -> list[Fault]:
        """The control totals that do not agree."""
        faults = []
        for expression, check in self._checks:
            try:
                if not is_true(check(record)):
                    fact = f"the check `{expression}` does not hold"
                    faults.append(Fault(where, fact, "the file is cut or was changed on its way"))
            except ExpressionError as error:
                faults.append(Fault(where, f"the check `{expression}` cannot be made: {error.text}", error.cure))
        return faults

    def _unknown(self, line: ColumnLine | CellLine) -> Fault:
        start, end = self._type_at or (0, 0)
        fact = f"{line.cut(start, end)!r} is no record type of the layout"
        return Fault(line.place(start, end), fact, f"the layout has {', '.join(self._layouts)}")

    # -- writing ------------------------------------------------------------------------------------------------

    def _write(self, record: Record, path: str, lines: list[str], faults: list[Fault]) -> None:
        if not self._settings.message:
            layout = self._named(record)
            faults += _strangers(record, {"record", *layout.fields}, path)
            lines.append(layout.write(record, path, faults))
            return
        if self._settings.message not in record:
            faults.append(Fault(path.rstrip("."), f"there is no {self._settings.message}", "it begins each message"))
        self._write_below(record, "", path, lines, faults)

    def _named(self, record: Record) -> Layout:
        wanted = record.get("record")
        layouts = list(self._layouts.values())
        return next((layout for layout in layouts if layout.name == wanted), layouts[0])

    def _write_below(self, record: Record, under: str, path: str, lines: list[str], faults: list[Fault]) -> None:
        below = [layout for layout in self._layouts.values() if layout.under == under]
        own = [layout.fields for layout in self._layouts.values() if layout.name == under]
        faults += _strangers(record, {layout.name for layout in below}.union(*own), path)
        for layout in below:
            if layout.name not in record:
                continue
            value = record[layout.name]
            for at, one in enumerate(value if isinstance(value, list) else [value]):
                inner = f"{path}{layout.name}[{at}]." if isinstance(value, list) else f"{path}{layout.name}."
                if not isinstance(one, dict):
                    faults.append(Fault(inner.rstrip("."), "a record is an object", "map it to the layout's fields"))
                    continue
                lines.append(layout.write(one, inner, faults))
                self._write_below(one, layout.name, inner, lines, faults)


def _strangers(record: Record, known: set[str], path: str) -> list[Fault]:
    """Nothing is left out silently."""
    cure = f"the layout has {', '.join(sorted(known))}"
    return [Fault(f"{path}{name}", "there is no such field", cure) for name in sorted(record.keys() - known)]


def _recognise(head: bytes) -> float:
    """Every whole line has the same length."""
    lines = head.split(b"\n")[:-1]
    return 0.5 if len(lines) > 1 and len({len(line) for line in lines}) == 1 and len(lines[0]) > 20 else 0.0


SPEC = FormatSpec(
    id="fixed",
    settings=FixedSettings,
    build=FixedFormat,
    example="{fixed: {records: {any: {name: stock, fields: {item: 1..18, quantity: {at: 19..30, type: number}}}}}}",
    recognise=_recognise,
)
