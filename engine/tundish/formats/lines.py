"""Lines of bytes and of text, whatever the chunks are in which they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

BLOCK = 512
"""Lines that are handed over together, at most."""


class Line(NamedTuple):
    """One line without its LF."""

    text: bytes
    number: int
    """Counted from 1."""
    whole: bool = True
    """False where the line is longer than the limit; `text` is then its beginning."""


def split_blocks(chunks: Iterable[bytes], limit: int) -> Iterator[tuple[int, Sequence[bytes]]]:
    """The lines of the chunks, split at LF, many at a time, with the number of the first; no block is empty.

    No more than `limit` bytes and one chunk are held at any time; a longer line is given without all of its end. An LF
    at the end of the last line makes no further line.
    """
    number = 1
    begun = b""
    for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        if ends and begun:
            ends[0] = begun + ends[0]
            begun = b""
        for at in range(0, len(ends), BLOCK):
            block = ends[at : at + BLOCK]
            yield number, block
            number += len(block)
        begun = (begun + rest)[: limit + 1]
    if begun:
        yield number, [begun]


def numbered(lines: Sequence[bytes], first: int, limit: int) -> Iterator[Line]:
    """The lines of a block by themselves."""
    for number, line in enumerate(lines, first):
        yield Line(line, number) if len(line) <= limit else Line(line[:limit], number, whole=False)


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
