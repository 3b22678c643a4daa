"""Positions that UN/EDIFACT makes numeric, and what stands there without being a number.

The text file names them after directory D.21A, for the segments of the structures: element and component, `1.2` for
`MOA01_2`. Where a directory in use differs, that is no fault of the message, so that what is found is only reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tundish.formats.edi.syntax.delimiters import Delimiters

Places = Mapping[str, Sequence[tuple[int, int]]]
"""Tag → element and component, both from 1."""

# ISO 9735-1, 10: a minus sign in front, a point or a comma, an exponent from syntax version 4 on; no plus sign.
_NUMBER = re.compile(r"-?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:E-?[0-9]+)?", re.ASCII)
# Data element 6060 (quantity) was n..15 in the directories of the nineties, and is an..35 since.
_OLDER: Places = {"QTY": ((1, 2),)}


@dataclass(frozen=True, slots=True)
class NotANumber:
    """A text where a number belongs."""

    segment: int
    """Index of the segment."""
    element: int
    component: int
    text: str


def numeric_places(standard: str, version: str) -> Places:
    """The places of a directory such as `D.96A`; none for X12, whose tables are not published."""
    if standard != "edifact":
        return {}
    return {**_facts(), **_OLDER} if version.startswith("D.9") else _facts()


def not_numbers(segments: Sequence[Sequence[str]], places: Places, delimiters: Delimiters) -> Iterator[NotANumber]:
    """Everything that is no number and should be."""
    for at, segment in enumerate(segments):
        for element, component in places.get(segment[0], ()):
            if element >= len(segment):
                continue
            parts = delimiters.components(segment[element])
            text = parts[component - 1] if len(parts) >= component else ""
            if text and not _NUMBER.fullmatch(text):
                yield NotANumber(at, element, component, text)


@cache
def _facts() -> Places:
    text = files(__package__).joinpath("edifact-numbers.txt").read_text("ascii")
    rows = (line.split(": ") for line in text.splitlines())
    return {tag: tuple(_place(place) for place in places.split()) for tag, places in rows}


def _place(text: str) -> tuple[int, int]:
    element, _, component = text.partition(".")
    return int(element), int(component or 1)
