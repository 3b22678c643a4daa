"""Rows of a CSV text in a stream. A bad row is told with its line and its bytes, and reading goes on behind it."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tundish.faults import Fault
from tundish.formats.encodings import CURE, decoded, foreign_byte, original

_EXPLANATIONS = (
    ("unexpected end", "a quote is opened and never closed", "close it, or double the quotes inside of a cell"),
    ("expected after", "text follows a closing quote", "double the quotes inside of a cell"),
    ("new-line", "a CR without LF stands in the row", "end rows with LF or CRLF"),
    ("field limit", f"a cell has more than {csv.field_size_limit()} characters", "send it as a file of its own"),
)
"""Part of what Python's parser says, the fact and the cure in our words."""


class Row(NamedTuple):
    """The cells of one row, and the lines they came from."""

    cells: list[str]
    number: int
    """The first line of the row, counted from 1."""
    lines: list[str]
    encoding: str

    def raw(self) -> bytes:
        """The bytes of the row, encoded again."""
        return original("".join(self.lines), self.encoding)


@dataclass(frozen=True, slots=True)
class BadRow:
    """What could not be read as a row."""

    raw: bytes
    """The bytes of its first line; of a line that is too long, the beginning."""
    number: int
    """Its first line, counted from 1."""
    fault: Fault


class CsvRows:
    """Iterates over the rows of one text. Use it once.

    Lines without a quote are split as they stand; only the others need a parser. That is three times as fast.
    """

    def __init__(self, chunks: Iterable[bytes], delimiter: str, quote: str, encoding: str, limit: int) -> None:
        self._encoding = encoding
        self._delimiter = delimiter
        self._quote = quote
        self._lines = _Lines(decoded(chunks, encoding), limit)
        self._reader = csv.reader(self._lines, delimiter=delimiter, quotechar=quote, strict=True)

    def __iter__(self) -> Iterator[Row | BadRow]:
        lines, reader, encoding = self._lines, self._reader, self._encoding
        while True:
            yield from self._without_quotes()
            lines.taken = []
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, _Unreadable) as error:
                yield self._bad_row(error)
                continue
            if cells:
                yield Row(cells, lines.number - len(lines.taken) + 1, lines.taken, encoding)

    def _without_quotes(self) -> Iterator[Row]:
        """The rows up to the next line that needs a closer look."""
        lines, quote, delimiter, encoding = self._lines, self._quote, self._delimiter, self._encoding
        number = lines.number
        for line in lines.plain:
            if quote in line:
                lines.returned.append(line)
                break
            number += 1
            if text := line.rstrip("\r\n"):
                yield Row(text.split(delimiter), number, [line], encoding)
        lines.number = number

    def _bad_row(self, error: Exception) -> BadRow:
        """Reject the first line only and read on with the second: a quote that is never closed takes no row with it."""
        lines = self._lines
        number = lines.number - len(lines.taken) + 1
        first = lines.taken[0]
        lines.give_back()
        return BadRow(original(first, self._encoding), number, Fault(f"line {number}", *_explained(error)))


def _explained(error: Exception) -> tuple[str, str]:
    if isinstance(error, _Unreadable):
        return error.fact, error.cure
    text = str(error)
    return next(((fact, cure) for part, fact, cure in _EXPLANATIONS if part in text), (text, "write it by RFC 4180"))


class _Unreadable(Exception):
    """A line that must not reach the parser."""

    def __init__(self, fact: str, cure: str) -> None:
        super().__init__(fact)
        self.fact = fact
        self.cure = cure


class _Lines:
    """An iterator over lines, LF included, that can take lines back."""

    def __init__(self, texts: Iterable[str], limit: int) -> None:
        self._blocks = _blocks(texts, limit)
        self._block: Iterator[str] = iter(())
        self._is_plain = False
        self._limit = limit
        self._size = 0
        self.returned: deque[str] = deque()
        """Lines that are handed out next, before all others."""
        self.number = 0
        """The line handed out last, counted from 1."""
        self.taken: list[str] = []
        """The lines handed out since the row began."""

    @property
    def plain(self) -> Iterator[str]:
        """The next lines that are known to be in order. Who takes some has to set `number`."""
        return self._block if self._is_plain and not self.returned else iter(())

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.returned.popleft() if self.returned else self._next()
        self.number += 1
        taken = self.taken
        taken.append(line)
        self._size = len(line) if len(taken) == 1 else self._size + len(line)
        if self._size > self._limit:
            raise _Unreadable(f"the record has more than {self._limit} characters", "send less, or raise `max_record`")
        if not line.isascii() and (foreign := foreign_byte(line)) is not None:
            raise _Unreadable(f"byte 0x{foreign[1]:02X} is no character of the encoding", CURE)
        return line

    def _next(self) -> str:
        line = next(self._block, None)
        if line is None:
            lines, self._is_plain = next(self._blocks)
            self._block = iter(lines)
            line = next(self._block)
        return line

    def give_back(self) -> None:
        """Hand out again every taken line but the first."""
        self.returned.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1


def _blocks(texts: Iterable[str], limit: int) -> Iterator[tuple[list[str], bool]]:
    """The whole lines of each text, with their LF, and whether all of them are in order.

    In order are lines whose bytes are characters, that are not too long, and where CR stands only before LF. Of a line
    that is too long, the beginning; the rest of it may be dropped.
    """
    longest = min(limit, csv.field_size_limit())
    begun = ""
    for text in texts:
        end = text.rfind("\n") + 1
        if not end:
            begun = (begun + text)[: limit + 1]
            continue
        whole = begun + text[:end]
        begun = text[end:][: limit + 1]
        lines = [line + "\n" for line in whole[:-1].split("\n")]
        plain = (
            whole.count("\r") == whole.count("\r\n")
            and (whole.isascii() or foreign_byte(whole) is None)
            and max(map(len, lines)) <= longest
        )
        yield lines, plain
    if begun:
        yield [begun], False
