"""What a route says about its EDI: how strict, which loops, who we are, which answers are wanted."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tundish.formats.edi.structures.loops import LoopTree
from tundish.model import Settings


class Party(Settings):
    """One side of an interchange."""

    id: str
    """ISA06 or ISA08; UNB S002 or S003, data element 0004 or 0010."""
    qualifier: str = "ZZ"
    """ISA05 or ISA07; UNB data element 0007."""
    group: str = ""
    """GS02 or GS03; the same as `id` where it is empty."""


class EdiSettings(Settings):
    """Interchanges of one partner; each message is one record."""

    partner: str = ""
    """A file `partner: …` of the project, whose settings count where nothing else is written here."""
    sender: Party | None = None
    """Who sends what this route writes; only a destination needs it."""
    receiver: Party | None = None
    """Who receives what this route writes; only a destination needs it."""
    strict: bool = False
    """Refuse deviations (header widths, segments that the structure does not know) that are otherwise only reported."""
    charset: str = ""
    """Character set of the text, where the interchange does not say or says something wrong, e.g. `utf-8`."""
    loops: dict[str, object] = Field(default_factory=dict)
    """Loops by their trigger segments, e.g. `{PO1: {N9: null, "N1:ST": null}, HL: null}`."""
    line_ends: bool = False
    """Write a line end behind each segment, for people."""
    test: bool = False
    """Mark what is written as a test (ISA15 `T`, UNB 0035 `1`)."""


class X12Settings(EdiSettings):
    """ANSI ASC X12 interchanges; each transaction set is one record."""

    version: str = "004010"
    """GS08 of what is written; ISA12 follows from it."""
    acknowledgement: Literal["997", "999"] = "997"
    """The functional acknowledgement that answers what is read."""
    element_separator: str = Field("*", min_length=1, max_length=1)
    """Written between elements."""
    component_separator: str = Field(">", min_length=1, max_length=1)
    """Written between components (ISA16)."""
    terminator: str = Field("~", min_length=1, max_length=2)
    """Written behind each segment."""


class EdifactSettings(EdiSettings):
    """UN/EDIFACT interchanges; each message is one record."""

    syntax: Literal["UNOA", "UNOB", "UNOC", "UNOD", "UNOE", "UNOF", "UNOY"] = "UNOC"
    """Syntax identifier of what is written (UNB S001); it also says the character set."""
    syntax_version: Literal["1", "2", "3", "4"] = "3"
    """Syntax version of what is written."""
    version: str = "D.96A"
    """Version and release of the messages that are written, e.g. `D.96A`."""
    association: str = ""
    """Association assigned code (UNH S009 0057), e.g. `EAN008`."""
    una: bool = True
    """Write the service string advice."""


def loops_of(settings: EdiSettings) -> LoopTree:
    """The declared loops, as a tree of names."""
    return _tree(settings.loops)


def _tree(loops: dict[str, object]) -> LoopTree:
    return {name: _tree(below) if isinstance(below, dict) else None for name, below in loops.items()}
