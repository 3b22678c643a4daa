"""Where the text of an expression stands in a file."""

from __future__ import annotations

from dataclasses import dataclass

from tundish.errors import ExpressionError
from tundish.faults import Place
from tundish.language.syntax.nodes import Span

Position = tuple[int, int, int]
"""Line from 1, first column from 0, column behind the last."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The text of an expression and, where it came from a file, the place of its first character."""

    text: str
    place: Place | None

    @property
    def file(self) -> str:
        """Shown as the file name in tracebacks."""
        return self.place.file if self.place else "<expression>"

    def position(self, span: Span) -> Position:
        """The span as Python marks its syntax trees."""
        place = self.place_of(span)
        if place is None:
            return 1, span.offset, span.end
        return place.line, place.column - 1, place.column - 1 + place.length

    def place_of(self, span: Span) -> Place | None:
        """The span in the file.

        A text over several lines keeps its lines, as in a block scalar of YAML; a text that the file holds in another
        form (folded, or with escapes) is longer than its place, and then the whole place is given.
        """
        if self.place is None:
            return None
        before = self.text[: span.offset]
        line_start = before.rfind("\n") + 1
        line_end = self.text.find("\n", span.offset)
        length = max(1, min(span.end, line_end if line_end >= 0 else len(self.text)) - span.offset)
        column = self.place.column + span.offset - line_start
        if "\n" not in self.text and span.offset + length > max(self.place.length, 1):
            return self.place
        return Place(self.place.file, self.place.line + before.count("\n"), column, length)

    def error(self, error: ExpressionError, span: Span) -> ExpressionError:
        """The same error, at a span of this text."""
        return ExpressionError(
            error.kind,
            error.text,
            cure=error.cure,
            offset=span.offset,
            length=span.length,
            place=self.place_of(span),
        )
