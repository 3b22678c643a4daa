"""What happens in the plant, and which documents come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

FIRST_ORDER = 4711
SHIFT_BEGINS = datetime(2026, 3, 2, 6, 0)  # noqa: DTZ001 - machines report local time without a zone, as they do

E = TypeVar("E", bound="Event")


@dataclass(frozen=True, slots=True)
class Sent:
    """One business document that the plant handed over, repeats not counted."""

    route: str
    destination: str
    find: tuple[str, str]
    """The name and value by which the journal finds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happens in the plant, and what must come of it."""

    route: str
    sent: tuple[Sent, ...] = ()
    """The documents that it hands over for the first time."""
    unreadable: int = 0
    """How many documents in it are broken on purpose."""
    repeats: int = 0
    """How many documents in it were handed over before, on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(Event):
    """A machine reports a completion."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop(Event):
    """Somebody writes a file."""

    folder: str
    """Name of the folder, below that of the plant."""
    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Event):
    """The ERP releases a work order."""

    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pour(Event):
    """The furnace pours."""

    figures: Mapping[str, object]
    """Tags of the furnace and what they show."""


def again(event: E) -> E:
    """The same event, with documents that were handed over before."""
    return replace(event, sent=(), repeats=len({document.find for document in event.sent}))
