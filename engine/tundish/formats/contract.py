"""What a format is: bytes to records and back, in a stream, without I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from msgspec import Struct

from tundish.faults import Fault
from tundish.model import Settings, Value


class Decoded(Struct, frozen=True):
    """One record of a unit, with its place in it."""

    record: Value
    where: str = ""
    """`line 14`, `offset 2048`; empty where the unit is one record."""
    text: bytes = b""
    """The record as JSON, where the unit has it so."""


class Undecodable(Struct, frozen=True):
    """A part of a unit that is no record. The rest goes on."""

    raw: bytes
    faults: tuple[Fault, ...]


class Format(ABC):
    """One configured format. Instances are immutable and shared by all messages of a route."""

    content_type: ClassVar[str] = "application/octet-stream"

    @abstractmethod
    def decode(self, chunks: Iterable[bytes]) -> Iterator[Decoded | Undecodable]:
        """Read records from the unit's bytes as they come; memory is bounded by one record.

        Raises Invalid where nothing after the fault can be trusted.
        """

    def resume(self, chunks: Iterable[bytes], known: int) -> Iterator[Decoded | Undecodable]:
        """As `decode`; the first `known` parts were read before a crash, so that only their number matters.

        A format overrides this where it can count parts faster than it can read them.
        """
        del known
        return self.decode(chunks)

    @abstractmethod
    def encode(self, records: Sequence[Value]) -> bytes:
        """Write records; most formats of single messages take exactly one. Raises Invalid with all faults."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What an acknowledgement says about an interchange that went out."""

    series: str
    number: int
    answer: Literal["accepted", "partly accepted", "rejected"]


class InterchangeFormat(Format):
    """A format whose units are interchanges between two partners: numbered, acknowledged, never taken twice."""

    @property
    @abstractmethod
    def series(self) -> str:
        """Whose control numbers these are; every pair of partners has a series of its own."""

    @abstractmethod
    def encode(self, records: Sequence[Value], *, control: int = 1, now: datetime | None = None) -> bytes:
        """One interchange under a control number, dated `now`: the same arguments give the same bytes.

        Raises Invalid with all faults.
        """

    @abstractmethod
    def answers(self, chunks: Iterable[bytes]) -> Iterator[Value]:
        """The acknowledgements for a unit, one record each; none for a unit of acknowledgements."""

    @abstractmethod
    def answered(self, record: Value) -> Sequence[Answered]:
        """What a decoded record acknowledges; nothing where it is no acknowledgement."""

    @abstractmethod
    def identity(self, record: Value) -> Sequence[Value]:
        """What identifies a decoded message: both partners and the control numbers around it."""


@dataclass(frozen=True, slots=True)
class FormatSpec:
    """The declaration of a format; entry points of the group `tundish.formats` name these."""

    id: str
    settings: type[Settings]
    build: Callable[[Any], Format]
    """Makes the format from its settings; imports what is heavy only now."""
    example: str
    """A line of YAML, as it would stand behind `format:`."""
    extra: str = ""
    """The extra of the distribution that brings its dependencies; empty where there are none."""
    recognise: Callable[[bytes], float] | None = None
    """How sure it is, from 0 to 1, that a unit that begins with these bytes is its own; None: it cannot tell."""
