"""Single segments of an interchange, taken from the window one after the other."""

from __future__ import annotations

import re

from tundish.formats.edi.syntax.delimiters import Delimiters
from tundish.formats.edi.syntax.feed import Feed
from tundish.formats.edi.syntax.standard import Standard

_TAG = re.compile("[A-Z0-9]{2,3}")
_FILL = "\x00\x1a \r\n"


class Segments:
    """Where segments end, and what they are called."""

    def __init__(self, feed: Feed, standard: Standard, delimiters: Delimiters) -> None:
        self._feed = feed
        self._delimiters = delimiters
        self._last = standard.interchange.trailer + delimiters.element

    def skip_line_ends(self) -> None:
        """Read past wrapping, indentation and doubled terminators."""
        ends = self._delimiters.segment + ("\r\n\t " if self._delimiters.wraps else "")
        while (one := self._feed.ahead(1)) and one in ends:
            self._feed.take(1)

    def tag(self) -> str:
        """The tag of the next segment, or what stands in its place; empty where nothing does."""
        head = self._feed.ahead(4)
        found = _TAG.match(head)
        return found[0] if found else head.strip(_FILL)

    def end(self, start: int = 0) -> int:
        """How many characters ahead the next terminator stands, from `start` on; -1 where there is none."""
        while True:
            end = self._feed.find(self._delimiters.segment, start)
            if end < 0 or not self._delimiters.escaped(self._feed.text, self._feed.at + end):
                return end
            start = end + 1

    def take(self) -> list[str] | None:
        """Read one segment; None (and nothing is read) where its terminator is missing."""
        end = self.end()
        if end < 0:
            return self._take_last()
        cut = self._delimiters.segments(self._feed.take(end + len(self._delimiters.segment)))
        return cut[0] if cut else [""]

    def _take_last(self) -> list[str] | None:
        # The very last terminator is often forgotten; what is a whole interchange trailer is taken as one.
        rest = self._feed.text[self._feed.at :]
        if not rest.startswith(self._last):
            return None
        self._feed.take(len(rest))
        return self._delimiters.segments(rest.rstrip(_FILL))[0]
