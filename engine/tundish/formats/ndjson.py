"""The format `ndjson`: one JSON text per line, each of them a record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import Decoded, Format, FormatSpec, Undecodable
from tundish.formats.json_reader import BOM, JsonReader, encode_json
from tundish.formats.lines import Line, numbered, split_blocks
from tundish.model import Settings, Value


class NdjsonSettings(Settings):
    """Read and write newline-delimited JSON: one record per line."""

    duplicate_keys: Literal["refuse", "last"] = "refuse"
    """What to do with an object that has a key twice: `refuse` it, or take the `last` value."""
    max_line: int = Field(1024 * 1024, gt=0)
    """Refuse a line of more bytes; the lines behind it are read."""


class NdjsonFormat(Format):
    """Lines end with LF or CRLF; blank ones are skipped. A bad line is told with its number, and the rest goes on."""

    content_type = "application/x-ndjson"

    def __init__(self, settings: NdjsonSettings) -> None:
        self._reader = JsonReader(duplicate_keys=settings.duplicate_keys == "last")
        self._max_line = settings.max_line

    def decode(self, chunks: Iterable[bytes]) -> Iterator[Decoded | Undecodable]:
        """The records in their order; memory is bounded by one chunk and one line.

        Raises Invalid where there is no record at all.
        """
        empty = True
        for first, lines in split_blocks(chunks, self._max_line):
            values = self._reader.read_all(lines) if max(map(len, lines)) <= self._max_line else None
            if values is not None:
                empty = False
                for number, value in enumerate(values, first):
                    yield Decoded(value, f"line {number}", lines[number - first])
                continue
            # Something is wrong in this block, or a line of it is blank: each line by itself says what.
            for line in numbered(lines, first, self._max_line):
                if line.whole and not line.text.strip():
                    continue
                empty = False
                yield self._read(line)
        if empty:
            fault = Fault("", "the body is empty", "send one JSON text per line")
            raise Invalid(f"not readable as NDJSON: {fault}", faults=(fault,))

    def encode(self, records: Sequence[Value]) -> bytes:
        """One line per record, each ended by LF. Raises Invalid with the faults of all records."""
        lines: list[bytes] = []
        faults: list[Fault] = []
        for number, record in enumerate(records, 1):
            try:
                lines.append(encode_json(record) + b"\n")
            except Invalid as error:
                faults += (replace(fault, path=f"line {number}") for fault in error.faults)
        if faults:
            raise Invalid("not writable as NDJSON: " + "; ".join(map(str, faults)), faults=faults)
        return b"".join(lines)

    def _read(self, line: Line) -> Decoded | Undecodable:
        where = f"line {line.number}"
        if not line.whole:
            fault = Fault(where, f"the line has more than {self._max_line} bytes", "send less, or raise `max_line`")
            return Undecodable(line.text, (fault,))
        try:
            return Decoded(self._reader.read(line.text), where, line.text.removeprefix(BOM))
        except Invalid as error:
            return Undecodable(line.text, tuple(_at_line(fault, line.number) for fault in error.faults))


def _at_line(fault: Fault, number: int) -> Fault:
    """The fault of one line's text, placed in the whole unit."""
    _, _, rest = fault.path.partition("line 1")
    return replace(fault, path=f"line {number}{rest}")


def _recognise(head: bytes) -> float:
    lines = [line.strip() for line in head.split(b"\n")[:-1] if line.strip()]
    whole = lines and all(line[:1] == b"{" and line[-1:] == b"}" for line in lines)
    return 0.9 if whole and len(lines) > 1 else 0.0


SPEC = FormatSpec(id="ndjson", settings=NdjsonSettings, build=NdjsonFormat, example="ndjson", recognise=_recognise)
