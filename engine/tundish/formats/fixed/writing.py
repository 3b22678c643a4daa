"""What a record's fields are written as, before a line is made of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Placed:
    """The text of one field, and where it belongs."""

    text: str
    start: int
    """Column or cell, from 0."""
    end: int
    """The column or cell behind it."""
    path: str
    """Where the field stands in the message, for faults."""
    number: bool = False
    pad: str = ""
