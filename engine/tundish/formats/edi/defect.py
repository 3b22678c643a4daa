"""What can be wrong with an interchange, and which part of it has to be refused for that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tundish.faults import Fault

Level = Literal["interchange", "group", "message"]
"""The smallest part that a defect spoils."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that partners break."""

    id: str
    level: Level
    source: str
    """Where the rule stands."""
    cure: str
    deviation: bool = False
    """Reported, and refused only where the profile is strict."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One breach of a rule, with its place in the bytes."""

    rule: Rule
    offset: int
    """Byte offset in the unit, from 0."""
    text: str
    line: int = 0
    """Line in the unit, from 1; 0 where lines mean nothing."""
    segment: int = 0
    """Ordinal of the segment in its message (the header is 1); 0 outside of a message."""
    tag: str = ""
    element: int = 0
    """Position of the element in its segment, from 1; 0 for the whole segment."""

    def fault(self) -> Fault:
        """The same for a reader: place, fact and cure."""
        where = [f"offset {self.offset}"]
        if self.line:
            where.append(f"line {self.line}")
        if self.segment:
            where.append(f"segment {self.segment}")
        if self.tag:
            where.append(f"{self.tag}{self.element:02d}" if self.element else self.tag)
        return Fault(", ".join(where), f"{self.text} [{self.rule.id}]", self.rule.cure)


_ISA = "X12.5 interchange control structures"
_X12_6 = "X12.6 application control structure"
_ISO = "ISO 9735-1"

NOT_AN_INTERCHANGE = Rule(
    "EDI-START",
    "interchange",
    f"{_ISA}; {_ISO} 6",
    "an interchange begins with ISA, UNA or UNB; check where the file is cut",
)
UNREAD_BYTES = Rule(
    "EDI-UNREAD",
    "interchange",
    f"{_ISA}; {_ISO} 6",
    "remove what stands behind the last interchange, or send it on its own",
)
TRUNCATED = Rule("EDI-TRUNCATED", "interchange", f"{_ISA}; {_ISO} 6", "ask the sender for the whole interchange")
HEADER_WIDTH = Rule(
    "EDI-HEADER-WIDTH", "interchange", _ISA, "pad the elements of ISA to their fixed widths", deviation=True
)
HEADER_SHORT = Rule("EDI-HEADER", "interchange", f"{_ISA}; {_ISO} 7", "give the interchange header all of its elements")
TRAILER_MISSING = Rule(
    "EDI-TRAILER-MISSING",
    "message",
    f"{_X12_6}; {_ISO} 6",
    "every header needs its trailer: ST…SE, GS…GE, ISA…IEA, UNH…UNT, UNG…UNE, UNB…UNZ",
)
TRAILER_COUNT = Rule(
    "EDI-COUNT",
    "message",
    f"{_X12_6}; {_ISO} 6",
    "count header and trailer too; a wrong count means that a part is lost or added",
)
TRAILER_REFERENCE = Rule(
    "EDI-REFERENCE", "message", f"{_X12_6}; {_ISO} 6", "the trailer repeats the reference of its header"
)
REFERENCE_WIDTH = Rule(
    "EDI-REFERENCE-WIDTH",
    "message",
    f"{_ISA}: ISA13 and IEA02 have nine digits",
    "pad control numbers with zeros",
    deviation=True,
)
OUT_OF_PLACE = Rule(
    "EDI-PLACE", "interchange", f"{_X12_6}; {_ISO} 6", "segments of a message stand between its header and its trailer"
)
TAG = Rule(
    "EDI-TAG", "message", f"{_X12_6}; {_ISO} 8", "a segment begins with a tag of two or three letters and digits"
)
BINARY_LENGTH = Rule(
    "EDI-BINARY",
    "message",
    f"{_X12_6} BIN, BDS",
    "give the length of the data in bytes; the terminator follows at once",
)
CHARACTER_SET = Rule(
    "EDI-CHARSET",
    "message",
    f"{_ISO} annex A; X12.6 3.3",
    "name the character set that the sender uses in the partner's profile",
)
NO_MESSAGES = Rule(
    "EDI-EMPTY", "interchange", f"{_ISA}; {_ISO} 6", "an interchange holds at least one message", deviation=True
)

UNKNOWN_SEGMENT = Rule(
    "EDI-SEGMENT",
    "message",
    "the structure of the message type",
    "declare the loop that it belongs to, or ask the partner which directory is used",
    deviation=True,
)
MISSING_SEGMENT = Rule(
    "EDI-MISSING", "message", "the structure of the message type", "ask the partner for it", deviation=True
)
NOT_A_NUMBER = Rule(
    "EDI-NUMBER",
    "message",
    f"UN/EDIFACT directories; {_ISO} 10",
    "a number has digits, a decimal mark and a minus sign, and nothing else",
    deviation=True,
)

RULES = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
