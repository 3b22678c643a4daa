"""A first pass over a unit: what each interchange and group will turn out to be, before any message is believed.

A trailer stands behind the messages that it vouches for. So the unit is read twice: first for its envelopes, then for
its messages. What is kept between the passes is what an acknowledgement has to say.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from tundish.formats.edi.defect import Defect
from tundish.formats.edi.envelope import message_identity
from tundish.formats.edi.syntax.events import Between, EdiMessage, Envelope, GroupEnd, InterchangeEnd, Unreadable
from tundish.formats.edi.syntax.reader import read

LISTED = 1000
"""Sound messages of a group that are kept by name; of more, only their number (an answer may leave them out)."""


@dataclass(slots=True)
class MessageFate:
    """One message, as its own rules see it."""

    header: list[str]
    type: str
    reference: str
    defects: tuple[Defect, ...]


@dataclass(slots=True)
class GroupFate:
    """One group with its messages; EDIFACT messages without a group stand in one without an envelope."""

    envelope: Envelope | None
    count: int = 0
    """Messages that were read."""
    types: set[str] = field(default_factory=set)
    messages: list[MessageFate] = field(default_factory=list)
    """All that have defects, and the first sound ones."""
    defects: tuple[Defect, ...] = ()

    @property
    def ordinal(self) -> int:
        """Of the group in the interchange; 0 where there is no group."""
        return self.envelope.ordinal if self.envelope else 0

    def add(self, message: MessageFate) -> None:
        """One more message."""
        self.count += 1
        self.types.add(message.type)
        if message.defects or self.count <= LISTED:
            self.messages.append(message)


@dataclass(slots=True)
class InterchangeFate:
    """One interchange with its groups."""

    envelope: Envelope
    groups: list[GroupFate] = field(default_factory=list)
    defects: tuple[Defect, ...] = ()

    def group(self, ordinal: int) -> GroupFate:
        """The group with this ordinal; 0 is the one without an envelope."""
        # They stand in the order of their ordinals, and some partners open a group for each message.
        return self.groups[bisect_left(self.groups, ordinal, key=lambda group: group.ordinal)]


@dataclass(slots=True)
class Survey:
    """Everything that the first pass found."""

    interchanges: list[InterchangeFate] = field(default_factory=list)
    unreadable: Unreadable | None = None


def survey(chunks: Iterable[bytes]) -> Survey:
    """Read a unit for its envelopes."""
    found = Survey()
    open_groups: dict[int, GroupFate] = {}
    for event in read(chunks):
        match event:
            case EdiMessage():
                ordinal = event.group.ordinal if event.group else 0
                group = open_groups.setdefault(ordinal, GroupFate(event.group))
                kind, _ = message_identity(event)
                group.add(MessageFate(event.segments[0], kind, event.reference, tuple(event.defects)))
            case GroupEnd(group=envelope, defects=defects):
                group = open_groups.setdefault(envelope.ordinal, GroupFate(envelope))
                group.defects = tuple(defects)
            case InterchangeEnd(interchange=envelope, defects=defects):
                fates = [open_groups[ordinal] for ordinal in sorted(open_groups)]
                found.interchanges.append(InterchangeFate(envelope, fates, tuple(defects)))
                open_groups = {}
            case Unreadable():
                found.unreadable = event
            case Between():
                pass
    return found
