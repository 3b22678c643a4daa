"""How far a message goes: up to its trailer, or to the segment that cuts it short; raw bytes in it are stepped over."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tundish.formats.edi import defect as rules
from tundish.formats.edi.defect import Rule
from tundish.formats.edi.syntax.delimiters import Delimiters
from tundish.formats.edi.syntax.feed import Feed
from tundish.formats.edi.syntax.segments import Segments
from tundish.formats.edi.syntax.standard import Standard


@dataclass(frozen=True, slots=True)
class Extent:
    """A message in the window."""

    length: int
    """Characters from its header on."""
    binary: tuple[tuple[int, int], ...]
    """Begin and end of each segment that holds raw bytes, counted from the header."""
    problem: Rule | None = None
    """Why it does not go up to a trailer."""


class Extents:
    """Finds messages in one interchange."""

    def __init__(self, feed: Feed, standard: Standard, delimiters: Delimiters, segments: Segments) -> None:
        self._feed = feed
        self._trailer = standard.message.trailer
        self._binary = dict(standard.binary)
        self._delimiters = delimiters
        self._segments = segments
        self._control = _control_segments(standard, delimiters)

    def next(self) -> Extent:
        """The message whose header comes next."""
        feed, end_of_segment = self._feed, len(self._delimiters.segment)
        binary: list[tuple[int, int]] = []
        start = 0
        while True:
            found = self._control.search(feed.text, feed.at + start)
            if found is None:
                start = max(start, len(feed.text) - feed.at - 64)
                if feed.more():
                    continue
                return Extent(len(feed.text) - feed.at, tuple(binary), rules.TRUNCATED)
            at, tag_at, tag = found.start() - feed.at, found.start(1) - feed.at, found[1]
            if self._delimiters.escaped(feed.text, found.start()):
                start = at + end_of_segment
            elif tag == self._trailer:
                end = self._segments.end(tag_at)
                if end < 0:
                    return Extent(len(feed.text) - feed.at, tuple(binary), rules.TRUNCATED)
                return Extent(end + end_of_segment, tuple(binary))
            elif tag not in self._binary:
                return Extent(at + end_of_segment, tuple(binary))
            else:
                behind = self._behind_binary(tag_at, self._binary[tag])
                if behind is None:
                    return Extent(at + end_of_segment, tuple(binary), rules.BINARY_LENGTH)
                binary.append((tag_at, behind))
                start = behind - end_of_segment

    def cut(self, raw: str, binary: tuple[tuple[int, int], ...]) -> list[list[str]]:
        """The segments of a message; raw bytes are one element."""
        segments: list[list[str]] = []
        done = 0
        separator = self._delimiters.element
        for start, end in binary:
            segments += self._delimiters.segments(raw[done:start])
            text = raw[start : end - len(self._delimiters.segment)]
            tag = text.split(separator, 1)[0]
            segments.append(text.split(separator, self._binary[tag] + 1))
            done = end
        return segments + self._delimiters.segments(raw[done:])

    def _behind_binary(self, tag_at: int, element: int) -> int | None:
        """Where a segment of raw bytes ends (behind its terminator), counted from the message's start."""
        separator, data_at = self._delimiters.element, tag_at
        for _ in range(element + 1):
            data_at = self._feed.find(separator, data_at) + 1
            if not data_at:
                return None
        length = self._feed.text[self._feed.at + tag_at : self._feed.at + data_at - 1].split(separator)[element]
        if not (length.isascii() and length.isdecimal()):
            return None
        end = data_at + int(length)
        after = self._feed.ahead(end + len(self._delimiters.segment))[end:]
        return end + len(after) if after == self._delimiters.segment else None


def _control_segments(standard: Standard, delimiters: Delimiters) -> re.Pattern[str]:
    """Finds the next segment that ends, cuts short or steps out of a message."""
    tags = [standard.message.trailer, standard.message.header]
    tags += [tag for wrapper in (standard.group, standard.interchange) for tag in (wrapper.header, wrapper.trailer)]
    tags += [tag for tag, _ in standard.binary]
    if standard.name == "edifact":
        tags.append("UNA")
    behind = "[ \t\r\n]*" if delimiters.wraps else ""
    # UNA has no separator behind its tag, and what ends the bytes has nothing at all.
    names = "|".join(tags)
    return re.compile(f"{re.escape(delimiters.segment)}{behind}({names})(?={re.escape(delimiters.element)}|(?<=UNA))")
