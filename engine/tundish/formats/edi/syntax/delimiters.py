"""The characters that separate, and how a stretch of text is cut at them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_FIRST_PLACEHOLDER = 0xE000
"""Escaped delimiters are kept apart as private-use characters until the elements are cut; the text is one byte a
character (ISO 8859-1) up to then, so that none of these can stand in it."""


@dataclass(frozen=True)
class Delimiters:
    """One interchange's own, read anew at every ISA and UNA."""

    segment: str
    element: str
    component: str
    repetition: str = ""
    """Empty: elements do not repeat."""
    release: str = ""
    """Empty: nothing can be escaped."""
    decimal: str = "."

    @cached_property
    def _escapes(self) -> tuple[tuple[str, str], ...]:
        # The release character itself comes first: pairs are taken from the left, so that `??'` ends a segment
        # and `???'` does not.
        kept = [self.release, self.segment, self.element, self.component, self.repetition]
        return tuple((self.release + one, chr(_FIRST_PLACEHOLDER + n)) for n, one in enumerate(kept) if one)

    @cached_property
    def _restore(self) -> dict[int, str]:
        return {ord(placeholder): pair[-1] for pair, placeholder in self._escapes}

    @cached_property
    def _indented(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.segment) + "[ \t]+")

    @cached_property
    def wraps(self) -> bool:
        """Line ends are only wrapping, because none of them ends a segment."""
        return not set(self.segment) & {"\r", "\n"}

    def escaped(self, text: str, at: int) -> bool:
        """Whether the character at `at` follows an odd number of release characters."""
        if not self.release:
            return False
        start = at
        while start and text[start - 1] == self.release:
            start -= 1
        return (at - start) % 2 == 1

    def segments(self, text: str) -> list[list[str]]:
        """Cut whole segments (each with its terminator) into elements; the tag is element 0.

        Escaped delimiters stay apart as placeholders until `components` or `plain`.
        """
        if self.wraps:
            if "\n" in text:
                text = text.replace("\n", "")
            if "\r" in text:
                text = text.replace("\r", "")
            if "\t" in text or f"{self.segment} " in text:
                text = self._indented.sub(self.segment, text.lstrip())
        if self.release and self.release in text:
            for pair, placeholder in self._escapes:
                text = text.replace(pair, placeholder)
            # A release character before anything else makes that one character literal.
            text = text.replace(self.release, "")
        element = self.element
        # A doubled terminator leaves an empty part, which is no segment.
        return [part.split(element) for part in text.split(self.segment) if part]

    def plain(self, element: str) -> str:
        """An element without components: the text as meant."""
        if element.isascii() or not self.release:
            return element
        return element.translate(self._restore)

    def components(self, element: str) -> list[str]:
        """The components of one repetition of an element."""
        parts = element.split(self.component) if self.component else [element]
        return parts if element.isascii() else [self.plain(part) for part in parts]

    def repetitions(self, element: str) -> list[str]:
        """The repetitions of an element; one where it does not repeat."""
        return element.split(self.repetition) if self.repetition else [element]

    def escape(self, text: str) -> str:
        """Text for output. Raises ValueError, naming the character, where a delimiter cannot be escaped."""
        for one in (self.release, self.segment, self.element, self.component, self.repetition):
            if one and one in text:
                if not self.release:
                    raise ValueError(one)
                text = text.replace(one, self.release + one)
        return text
