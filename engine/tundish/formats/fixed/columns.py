"""Records as text in columns: lines, or pieces of one length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tundish.faults import Fault
from tundish.formats.encodings import CURE, decoded, foreign_byte, original
from tundish.formats.fixed.settings import FixedSettings
from tundish.formats.fixed.writing import Placed
from tundish.formats.lines import split_texts

_LONGEST = 100_000
_FILL = " \x1a"
"""Of a line of these, nothing is read."""


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """One record's text."""

    text: str
    number: int
    raw: bytes
    faults: tuple[Fault, ...] = ()

    @property
    def where(self) -> str:
        """The line."""
        return f"line {self.number}"

    def cut(self, start: int, end: int) -> str:
        """What stands in columns, without the padding around it."""
        return self.text[start:end].strip(" ")

    def place(self, start: int, end: int) -> str:
        """The line with the columns."""
        return f"{self.where}, columns {start + 1}..{end}"

    def surplus(self, width: int) -> tuple[Fault, ...]:
        """A layout need not name every column."""
        del width
        return ()


class Columns:
    """Reads and writes lines of columns."""

    def __init__(self, settings: FixedSettings) -> None:
        self._settings = settings

    def read(self, chunks: Iterable[bytes]) -> Iterator[ColumnLine]:
        """The records' texts; blank lines and an end-of-file mark (1A) are skipped. Raises Invalid."""
        texts = decoded(chunks, self._settings.encoding)
        by_lines = self._settings.line_ends
        pieces = split_texts(texts, _LONGEST) if by_lines else _pieces(texts, self._settings.length)
        for number, piece in enumerate(pieces, 1):
            text = piece.removesuffix("\n").removesuffix("\r") if by_lines else piece
            if text.strip(_FILL):
                yield self._line(text, number)

    def write(self, width: int, placed: Sequence[Placed], path: str, faults: list[Fault]) -> str:
        """One line; what does not fit is a fault, nothing is ever cut."""
        line = [" "] * max(width, self._settings.length)
        for one in placed:
            line[one.start : one.end] = _padded(one, faults)
        text = "".join(line) if self._settings.length else "".join(line).rstrip(" ")
        if not text.strip(_FILL):
            faults.append(Fault(path.rstrip("."), "the record is empty; a blank line is no record", "map a field"))
        return f"{text}\r\n" if self._settings.line_ends else text

    def _line(self, text: str, number: int) -> ColumnLine:
        settings = self._settings
        where = f"line {number}"
        raw = original(text, settings.encoding)
        faults: list[Fault] = []
        if len(text) > _LONGEST:
            faults.append(Fault(where, f"the record has more than {_LONGEST} characters", "check the line ends"))
        if (foreign := foreign_byte(text)) is not None:
            fact = f"byte 0x{foreign[1]:02X} at column {foreign[0] + 1} is no character of {settings.encoding}"
            faults.append(Fault(where, fact, CURE))
        if settings.length and len(text) != settings.length:
            # Trailing blanks are often cut off on the way; everything else is a broken record.
            if len(text) < settings.length and settings.line_ends:
                text = text.ljust(settings.length)
            else:
                fact = f"the record has {len(text)} characters instead of {settings.length}"
                faults.append(Fault(where, fact, "check `length`, or ask the sender"))
        return ColumnLine(text, number, raw, tuple(faults))


def _padded(one: Placed, faults: list[Fault]) -> str:
    width = one.end - one.start
    if "\n" in one.text or "\r" in one.text:
        faults.append(Fault(one.path, "the text holds a line end", "replace it in the mapping"))
        return " " * width
    if len(one.text) > width:
        fact = f"{one.text!r} has {len(one.text)} characters, but the field has {width}"
        faults.append(Fault(one.path, fact, "shorten it in the mapping"))
        return " " * width
    if not one.number:
        return one.text.ljust(width, one.pad or " ")
    sign = "-" if one.text.startswith("-") else ""
    return sign + one.text.removeprefix("-").rjust(width - len(sign), one.pad or "0") if one.text else " " * width


def _pieces(texts: Iterable[str], length: int) -> Iterator[str]:
    held = ""
    for text in texts:
        held += text
        whole = len(held) - len(held) % length
        for at in range(0, whole, length):
            yield held[at : at + length]
        held = held[whole:]
    if held:
        yield held
