"""Lines of bytes and of text, whatever the chunks are in which they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Line(NamedTuple):
    """One line without its LF."""

    text: bytes
    number: int
    """Counted from 1."""
    whole: bool = True
    """False where the line is longer than the limit; `text` is then its beginning."""


def split_lines(chunks: Iterable[bytes], limit: int) -> Iterator[Line]:
    """The lines of the chunks, split at LF; no more than `limit` bytes and one chunk are held at any time.

    An LF at the end of the last line makes no further line.
    """
    number = 1
    begun = b""
    for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            line = begun + end if begun else end
            begun = b""
            yield Line(line, number) if len(line) <= limit else Line(line[:limit], number, whole=False)
            number += 1
        begun = (begun + rest)[: limit + 1]
    if begun:
        yield Line(begun, number) if len(begun) <= limit else Line(begun[:limit], number, whole=False)


def split_texts(texts: Iterable[str], limit: int) -> Iterator[str]:
    """Lines of text with their LF. Of a line that is longer than `limit`, the beginning; the rest of it is dropped."""
    begun = ""
    for text in texts:
        *ends, rest = text.split("\n")
        if ends:
            yield begun + ends[0] + "\n"
            for end in ends[1:]:
                yield end + "\n"
            begun = rest[: limit + 1]
        else:
            begun = (begun + rest)[: limit + 1]
    if begun:
        yield begun
