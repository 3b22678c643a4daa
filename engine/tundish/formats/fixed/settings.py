"""The layout of a flat file, as users write it."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from tundish.formats.encodings import Encoding
from tundish.language import Expression
from tundish.model import Settings

_SPAN = re.compile(r"([1-9][0-9]{0,5})(?:\.\.([1-9][0-9]{0,5}))?", re.ASCII)


def span_of(text: str) -> tuple[int, int]:
    """`6..14` as (start from 0, end behind). Raises ValueError."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' is no place in a record; write '6..14' for columns, or '6' for one column or cell")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise ValueError(f"'{text}' ends before it begins")
    return first - 1, last


def _span(value: object) -> object:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and text:
        span_of(text)
    return text


Span = Annotated[
    str,
    BeforeValidator(_span),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": f"^{_SPAN.pattern}$"}]}),
]
"""Columns from and to, counted from 1 (`6..14`), or one column or cell (`6`)."""


class FieldLayout(Settings):
    """One field of a record."""

    at: Span = Field(min_length=1)
    """Columns from and to, counted from 1, e.g. `6..14`; in delimited records the cell, e.g. `3`."""
    type: Literal["text", "number"] = "text"
    """`text` without the padding around it, or an exact `number`."""
    decimals: int = Field(0, ge=0, le=18)
    """Decimals that a number has without a mark: with 2, `0001250` is 12.50."""
    pad: str = Field("", max_length=1)
    """What fills the columns when it is written; empty: zeros before numbers, blanks behind text."""


class RecordLayout(Settings):
    """One type of record."""

    name: str
    """How it is called in messages, e.g. `item`."""
    fields: dict[str, Annotated[Span, Field(min_length=1)] | FieldLayout]
    """Its fields: a place (`6..14`, or the cell `3`), or an object with `at`, `type`, `decimals`, `pad`."""
    under: str = ""
    """Name of the record type that it belongs to; empty: to the message itself."""
    single: bool = False
    """At most one in its place, so that it is an object and not a list."""

    def places(self) -> list[str]:
        """Where its fields stand."""
        return [layout if isinstance(layout, str) else layout.at for layout in self.fields.values()]


class FixedSettings(Settings):
    """Records of fixed positions, such as VDA messages, flat IDocs and old ERP exports, or of delimited cells."""

    records: dict[str, RecordLayout] = Field(min_length=1)
    """Record types by the value that `type_at` shows; any value where there is only one type."""
    type_at: Span = ""
    """Columns or the cell that say which type a record has, e.g. `1..3`; needed where there are several."""
    message: str = ""
    """Name of the record type that begins a message, which then holds all records up to the next; empty: every
    record is a message."""
    delimiter: str = Field("", max_length=1)
    """The character between two cells, e.g. `;`: records are then lines of cells, and places count cells. Empty:
    records are columns."""
    quote: str = Field('"', min_length=1, max_length=1)
    """The character around cells that hold delimiters, quotes or line ends."""
    length: int = Field(0, ge=0, le=100_000)
    """Characters of each record of columns; shorter ones are an error where records are no lines. 0: not checked,
    fields behind the end are empty."""
    line_ends: bool = True
    """Records are lines; without, they follow each other and `length` cuts them."""
    encoding: Encoding = "utf-8"
    """How characters are bytes; a byte order mark is tolerated."""
    decimal_mark: Literal[".", ","] = "."
    """The decimal mark of numbers that have one."""
    checks: tuple[Expression, ...] = ()
    """Conditions on each whole message, e.g. `length(item) == trailer.items`; one that does not hold refuses it."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = [record.name for record in self.records.values()]
        if len(set(names)) != len(names):
            raise ValueError("two record types have the same `name`")
        if len(names) > 1 and not self.type_at:
            raise ValueError("with several record types, `type_at` must say where the type stands")
        for name in [self.message, *(record.under for record in self.records.values())]:
            if name and name not in names:
                raise ValueError(f"there is no record type called {name!r}")
        if not self.line_ends and not self.length:
            raise ValueError("without line ends, `length` must say where a record ends")
        return self

    @model_validator(mode="after")
    def _has_single_cells(self) -> Self:
        if not self.delimiter:
            return self
        if self.delimiter == self.quote or {self.delimiter, self.quote} & set("\r\n"):
            raise ValueError("delimiter and quote are two different characters, and no line end")
        if self.length or not self.line_ends:
            raise ValueError("`length` and `line_ends` belong to columns; records of cells are lines of any length")
        places = [self.type_at, *(place for record in self.records.values() for place in record.places())]
        for place in places:
            if place and len(range(*span_of(place))) > 1:
                raise ValueError(f"'{place}' are several cells; a field is one")
        return self
