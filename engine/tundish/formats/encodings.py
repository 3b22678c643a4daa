"""The character encodings that files of text may have."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Literal

from tundish.errors import Invalid
from tundish.faults import Fault

Encoding = Literal[
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "ascii",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-15",
    "cp437",
    "cp850",
    "cp852",
    "cp1250",
    "cp1252",
    "shift_jis",
    "gb18030",
]
"""Character encodings of the files that factories exchange; each one leaves LF a character of its own."""

CURE = "set `encoding` to what the sender writes"

_FOREIGN_BYTE = re.compile("[\udc80-\udcff]")
"""How `surrogateescape` marks a byte that is no character."""


def decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    """The text of the chunks, without a byte order mark; bytes that are no characters stay apart for `foreign_byte`.

    Raises Invalid where an encoding of two bytes a character breaks, because nothing behind that has a meaning.
    """
    # Only encodings whose LF is one byte can skip a foreign byte.
    decoder = codecs.getincrementaldecoder(encoding)("strict" if encoding.startswith("utf-16") else "surrogateescape")
    read, begun = 0, False
    try:
        for chunk in chunks:
            text = decoder.decode(chunk)
            yield text if begun else text.removeprefix("\ufeff")
            read, begun = read + len(chunk), begun or bool(text)
        yield decoder.decode(b"", final=True)
    except UnicodeError as error:
        where = f"offset {read + error.start}" if isinstance(error, UnicodeDecodeError) else ""
        fault = Fault(where, f"the bytes are not {encoding}", CURE)
        raise Invalid(f"not readable as text: {fault}", faults=(fault,)) from error


def foreign_byte(text: str) -> tuple[int, int] | None:
    """Where the first byte that is no character stands in decoded text, and the byte; None where there is none."""
    found = _FOREIGN_BYTE.search(text)
    return (found.start(), ord(found[0]) - 0xDC00) if found else None


def original(text: str, encoding: str) -> bytes:
    """The bytes that decoded text was made of."""
    return text.encode(encoding, "surrogateescape")
