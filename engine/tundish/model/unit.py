"""What a source hands over, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from msgspec import Struct, field

from tundish.faults import Fault
from tundish.model.record import Value

AcceptanceOutcome = Literal["accepted", "duplicate", "conflict", "invalid"]


class Unit(Struct, frozen=True):
    """One file, one MQTT message, one HTTP request: it holds one or many messages.

    A source builds it and calls `Intake.accept`; only when that returns may the source acknowledge its peer.
    """

    body: bytes | Path
    """The bytes as they came; a path where a large file was claimed and is to be read in a stream."""
    received: datetime
    """When the source got it, with zone."""
    meta: Mapping[str, Value] = field(default_factory=dict)
    """What the transport says about it (`topic`, `file`, `headers` …); expressions see it as `$meta`."""
    name: str = ""
    """Names this unit within its source across restarts; a path body needs one, so that reading can be resumed."""
    cursor: bytes | None = None
    """The source's position after this unit; written in the same transaction."""
    faults: tuple[Fault, ...] = ()
    """Why the source does not hand its content over, e.g. because it is too large: the unit becomes a dead letter."""


class Acceptance(Struct, frozen=True):
    """What became of a unit. It is on disk in every case, and the source acknowledges it in every case."""

    outcome: AcceptanceOutcome
    """`accepted`; `duplicate`: every message was there already; `conflict`: known `once` key, other content;
    `invalid`: it became a dead letter because it could not be read or breaks its contract."""
    ids: tuple[int, ...]
    """Sequence numbers of the messages; for a duplicate those of the first."""
    faults: tuple[Fault, ...] = ()
