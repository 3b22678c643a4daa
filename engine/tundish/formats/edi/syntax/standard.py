"""The two standards as data: which segments open and close what, and where the references stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A header and its trailer. Both trailers' elements have the same places: 1 counts, 2 repeats the reference."""

    header: str
    trailer: str
    reference: int
    """Element of the header that holds the reference."""


@dataclass(frozen=True, slots=True)
class Standard:
    """One family of envelopes."""

    name: Literal["x12", "edifact"]
    interchange: Wrapper
    group: Wrapper
    message: Wrapper
    groups_required: bool
    binary: tuple[tuple[str, int], ...] = ()
    """Segments that hold raw bytes, and the element with their length; the bytes are the next element."""
    between: frozenset[str] = frozenset()
    """Segments that may stand in an interchange outside of messages."""


# X12.5 and X12.6: ISA13 = IEA02, GS06 = GE02, ST02 = SE02. A TA1 answers another interchange.
X12 = Standard(
    "x12",
    interchange=Wrapper("ISA", "IEA", 13),
    group=Wrapper("GS", "GE", 6),
    message=Wrapper("ST", "SE", 2),
    groups_required=True,
    binary=(("BIN", 1), ("BDS", 2)),
    between=frozenset({"TA1"}),
)

# ISO 9735-1: data elements 0020 (UNB05), 0048 (UNG05) and 0062 (UNH01).
EDIFACT = Standard(
    "edifact",
    interchange=Wrapper("UNB", "UNZ", 5),
    group=Wrapper("UNG", "UNE", 5),
    message=Wrapper("UNH", "UNT", 1),
    groups_required=False,
)
