"""What the reader finds, in the order of the bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from tundish.formats.edi.defect import Defect
from tundish.formats.edi.syntax.delimiters import Delimiters
from tundish.formats.edi.syntax.standard import Standard


@dataclass(slots=True)
class Envelope:
    """An open interchange or group."""

    standard: Standard
    delimiters: Delimiters
    ordinal: int
    """Of the interchange in the unit, or of the group in the interchange; from 1."""
    offset: int
    header: list[str]
    """Elements of the header; the tag is element 0."""
    reference: str
    trailer: list[str] = field(default_factory=list)
    """Elements of the trailer, once it was read."""
    count: int = 0
    """Groups or messages read so far."""


@dataclass(slots=True)
class EdiMessage:
    """A transaction set or message, whole."""

    interchange: Envelope
    group: Envelope | None
    offset: int
    line: int
    raw: str
    """From the header up to and including the trailer's terminator; one byte a character."""
    segments: list[list[str]]
    """Elements of each segment, cut, with escaped delimiters still apart; the tag is element 0."""
    reference: str
    defects: list[Defect] = field(default_factory=list)

    def offset_of(self, ordinal: int) -> int:
        """Byte offset of a segment of this message, counted from 1."""
        delimiters, at = self.interchange.delimiters, 0
        for _ in range(ordinal - 1):
            end = self.raw.find(delimiters.segment, at)
            while end >= 0 and delimiters.escaped(self.raw, end):
                end = self.raw.find(delimiters.segment, end + 1)
            at = end + len(delimiters.segment)
            while delimiters.wraps and self.raw[at : at + 1] in ("\r", "\n", "\t", " "):
                at += 1
        return self.offset + at


@dataclass(slots=True)
class Between:
    """A segment outside of messages that belongs there, such as TA1."""

    interchange: Envelope
    segment: list[str]
    offset: int


@dataclass(slots=True)
class GroupEnd:
    """A group is over; its defects spoil all of its messages."""

    group: Envelope
    interchange: Envelope
    defects: list[Defect]


@dataclass(slots=True)
class InterchangeEnd:
    """An interchange is over; its defects spoil all of it."""

    interchange: Envelope
    defects: list[Defect]


@dataclass(slots=True)
class Unreadable:
    """Bytes that belong to no interchange; nothing behind them is read."""

    defect: Defect
    raw: str


Event = EdiMessage | Between | GroupEnd | InterchangeEnd | Unreadable
