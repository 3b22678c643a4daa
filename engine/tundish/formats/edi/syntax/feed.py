"""A window on a stream of bytes: the reader looks ahead as far as it must and lets go of what it has read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# Between interchanges: byte order mark, white space, NUL and SUB (the end-of-file mark of older systems).
_FILLER = re.compile("(?:\xef\xbb\xbf|[\\s\x00\x1a])*")


class Feed:
    """Text of one byte a character (ISO 8859-1), so that offsets in it are byte offsets."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks: Iterator[bytes] = iter(chunks)
        self.text = ""
        self.at = 0
        """Where reading goes on, as an index into `text`."""
        self._base = 0
        self._lines = 0
        self._counted = 0
        """Before this index into `text`, line ends are in `_lines`: no stretch is counted for each message anew."""

    @property
    def offset(self) -> int:
        """Byte offset of `at` in the unit."""
        return self._base + self.at

    def line(self, at: int) -> int:
        """The line of a position in `text`, from 1."""
        if at < self._counted:
            return self._lines - self.text.count("\n", at, self._counted) + 1
        self._count(at)
        return self._lines + 1

    def offset_of(self, at: int) -> int:
        """The byte offset of a position in `text`."""
        return self._base + at

    def more(self) -> bool:
        """Read on, at least as much again as is held, so that a long search stays linear. False at the end."""
        wanted = max(len(self.text) - self.at, 1)
        parts = [self.text[self.at :]]
        got = 0
        for chunk in self._chunks:
            parts.append(chunk.decode("iso-8859-1"))
            got += len(chunk)
            if got >= wanted:
                break
        if not got:
            return False
        self._count(max(self.at, self._counted))
        self._counted -= self.at
        self._base += self.at
        self.text = "".join(parts)
        self.at = 0
        return True

    def _count(self, at: int) -> None:
        self._lines += self.text.count("\n", self._counted, at)
        self._counted = at

    def ahead(self, count: int) -> str:
        """The next `count` characters, or as many as there are; nothing is read past."""
        while len(self.text) - self.at < count and self.more():
            pass
        return self.text[self.at : self.at + count]

    def take(self, count: int) -> str:
        """Read past `count` characters that are held already."""
        start = self.at
        self.at += count
        return self.text[start : self.at]

    def skip_filler(self, extra: str = "") -> bool:
        """Read past what may stand between interchanges. False at the end of the unit."""
        while True:
            end = self.at
            while (found := _FILLER.match(self.text, end)) is not None:
                end = found.end()
                if extra and self.text.startswith(extra, end):
                    end += len(extra)
                elif found.end() == found.start():
                    break
            self.at = end
            if end + 3 < len(self.text) or not self.more():
                return self.at < len(self.text)

    def find(self, text: str, start: int = 0) -> int:
        """How many characters ahead `text` stands, searching from `start` characters ahead; -1 where it does not."""
        while True:
            found = self.text.find(text, self.at + start)
            if found >= 0:
                return found - self.at
            start = max(start, len(self.text) - self.at - len(text) + 1)
            if not self.more():
                return -1
