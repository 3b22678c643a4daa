"""What a journal promises. Everything awaited here is on disk (fsync) when the wait is over.

Words: a *unit* was accepted with its *messages*; each message has one open *delivery* per destination until that
becomes a *receipt* or a *dead letter*. The destination name `""` stands for the route's steps: a message that
fails there has one dead letter, and none of its destinations was tried.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from msgspec import Struct

from tundish.model import Progress

STEPS = ""
"""The destination name of dead letters that arose in the route's steps (or in decoding)."""

ReceiptOutcome = Literal["delivered", "duplicate", "filtered", "discarded"]


class NewMessage(Struct, frozen=True):
    """One message of a unit, decoded and keyed."""

    key: str
    digest: bytes
    """16 bytes over the content; tells a repeat from a conflict."""
    payload: bytes
    """The record as JSON; empty where the unit's own body is this one message."""
    destinations: tuple[str, ...]
    once: bytes | None = None
    """16-byte digest of the values of the route's `once`; None where the route declares none."""
    find: tuple[tuple[str, str], ...] = ()
    """Names and values by which people find it, e.g. `("work_order", "4711")`."""


class NewDeadLetter(Struct, frozen=True):
    """A part of a unit that cannot become a message: it is kept and waits for a human."""

    raw: bytes
    error: str
    """Class name of the error, e.g. `Invalid`."""
    text: str
    key: str = ""


class NewUnit(Struct, frozen=True):
    """One transaction: everything that is written before a source may acknowledge."""

    route_version: int
    received: int
    """Unix milliseconds."""
    meta: bytes
    """The transport's facts as a JSON object."""
    body: bytes
    """The original bytes; empty where `reference` says where they are kept, or where each message has its payload."""
    messages: tuple[NewMessage, ...]
    dead_letters: tuple[NewDeadLetter, ...] = ()
    reference: str = ""
    cursor: tuple[str, bytes] | None = None
    """Name and value of a source position."""


class Accepted(Struct, frozen=True):
    """What became of the messages of a unit, in their order."""

    seqs: tuple[int, ...]
    """Sequence number of each new message; for a repeat, that of the first."""
    duplicates: int
    conflicts: tuple[int, ...]
    """Sequence numbers that became dead letters because their `once` key is known with other content."""
    dead: tuple[int, ...]
    """Sequence numbers given to `dead_letters`."""
    fresh: tuple[int, ...]
    """Sequence numbers of the messages that are new and have open deliveries."""


class OpenDelivery(Struct, frozen=True):
    """Work that is not done yet."""

    seq: int
    destination: str
    route_version: int
    key: str
    attempts: int
    next_at: int
    """Unix milliseconds, wall clock; 0 for at once."""
    crashes: int
    """How many times the process died while this was in flight; the outcome of the last attempt is then unknown."""


class StoredMessage(Struct, frozen=True):
    """A message as it was accepted; its checksum was verified."""

    seq: int
    route: str
    route_version: int
    key: str
    received: int
    accepted: int
    meta: bytes
    body: bytes
    """The unit's original bytes, where they are kept in the journal; of an unreadable part, that part alone."""
    payload: bytes
    """The record as JSON; empty where the body is the message."""
    index: int
    """Position within its unit, from 0."""
    once: bytes | None
    """None also for a conflict: its `once` key belongs to the first message that had it."""
    reference: str = ""
    destinations: tuple[str, ...] = ()
    """What it was to be delivered to when it was accepted; empty for an unreadable part."""
    unreadable: bool = False
    """It never became a message; it can be discarded, not replayed."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that waits for a human."""

    seq: int
    destination: str
    route: str
    key: str
    at: int
    attempts: int
    error: str
    text: str
    detail: str
    holds: bool
    """Later messages of the same lane wait for it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one delivery."""

    seq: int
    destination: str
    number: int
    at: int
    outcome: str
    """`delivered`, `filtered`, or the class name of the error."""
    text: str
    detail: str


@dataclass(frozen=True, slots=True)
class RouteTotals:
    """The ledger of one route. It balances when `messages × destinations` = done + dead + open (see `balanced`)."""

    route: str
    accepted: int
    """Messages, repeats not counted."""
    duplicates: int
    conflicts: int
    deliveries: int
    """How many deliveries the accepted messages were given."""
    delivered: int
    already_there: int
    """Done because the destination had it (`Duplicate`, or found by `verify`)."""
    filtered: int
    discarded: int
    retries: int
    """Attempts that were followed by another one."""
    dead: int
    """Deliveries that are dead letters (a message that failed in its steps counts once per destination)."""
    unreadable: int
    """Dead letters that never became a message."""
    open: int
    held: int
    """Those of `open` that wait behind a dead letter."""
    lost: int = 0
    """Deliveries that an operator wrote off with `--accept-loss` because the journal was damaged."""

    @property
    def balanced(self) -> bool:
        """Nothing is missing: every delivery has exactly one fate."""
        return self.unaccounted == 0

    @property
    def unaccounted(self) -> int:
        """Deliveries without a fate; less than 0 where there are more fates than deliveries."""
        done = self.delivered + self.already_there + self.filtered + self.discarded
        return self.deliveries - done - self.dead - self.open - self.lost


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that a person did to the journal."""

    at: int
    """Unix milliseconds."""
    by: str
    action: str
    """`replay`, `discard` or `release`."""
    what: str
    """The selection, as a JSON object."""
    why: str
    count: int
    """How many dead letters (for a replay: deliveries) it touched."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which messages an operator means; all given conditions hold.

    `since` and `until` are unix milliseconds, both included, 0 for no bound: the time of acceptance where messages are
    listed, the time of death where dead letters are listed, replayed or discarded.
    """

    seqs: tuple[int, ...] = ()
    route: str = ""
    destination: str | None = None
    key: str = ""
    error: str = ""
    since: int = 0
    until: int = 0
    find: tuple[str, str] | None = None
    state: Literal["", "open", "dead", "held", "done"] = ""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """One line of a listing."""

    seq: int
    route: str
    key: str
    accepted: int
    state: Literal["open", "dead", "held", "done"]
    destinations: tuple[tuple[str, str], ...] = field(default=())
    """Destination name and its fate: `open`, `held`, `dead` or a receipt outcome."""


@dataclass(frozen=True, slots=True)
class Interchange:
    """An interchange that went out under a control number, and the acknowledgement that it waits for."""

    series: str
    """Whose numbers these are, e.g. `x12/ACME/SUPPLIER`."""
    number: int
    seq: int
    destination: str
    due: int
    """Unix milliseconds by which an acknowledgement is expected; 0 where none is."""
    answer: str
    """`accepted`, `partly accepted` or `rejected`; empty as long as there is none."""


class JournalReader(Protocol):
    """Short, capped reads; another process may use them while a daemon runs."""

    def message(self, seq: int) -> StoredMessage | None: ...
    def attempts(self, seq: int) -> Sequence[Attempt]: ...
    def dead_letters(self, selection: Selection) -> Sequence[DeadLetter]: ...
    def messages(self, selection: Selection) -> Sequence[MessageSummary]: ...
    def totals(self) -> Sequence[RouteTotals]: ...
    def route_text(self, route_version: int) -> str: ...
    def audit(self, limit: int = 100) -> Sequence[AuditEntry]: ...
    def close(self) -> None: ...


class Journal(Protocol):
    """The durable store of one daemon. All calls are made from one event loop.

    `done`, `retry` and `bury` take `STEPS` for every open delivery of the message, and raise JournalError where
    nothing is open.
    """

    @property
    def crashed(self) -> bool:
        """The process before this one did not close the journal.

        Until the deliveries that it left open are through, `flush` after `started` makes sure that a message which
        kills the process is known at the next start.
        """

    def idempotency_key(self, message: StoredMessage, destination: str) -> str:
        """The same for every attempt, every restart and, where the route declares `once`, every new journal."""

    async def flush(self) -> None:
        """Wait until everything noted so far is on disk, `started` included."""

    async def register_route(self, name: str, digest: bytes, text: str) -> int:
        """The number of this route version, which is the current one from now on.

        The text is kept for as long as messages refer to it.
        """

    def accept(self, unit: NewUnit) -> asyncio.Future[Accepted]:
        """Write a unit; it has its place among all others when the call returns, and is on disk with the result.

        Raises JournalFull (nothing was written) or JournalError, at once or as the result. A cancelled future takes
        nothing back.
        """

    async def cursor(self, name: str) -> bytes | None: ...

    def started(self, seq: int, destination: str) -> None:
        """Note that a delivery is in flight; written with the next batch, never waited for."""

    def done(
        self, seq: int, destination: str, outcome: ReceiptOutcome, *, remote_id: str = "", detail: str = ""
    ) -> asyncio.Future[None]:
        """Close a delivery with a receipt and its attempt, in the order of the calls; on disk with the result.

        Raises JournalError, at once or as the result.
        """

    async def retry(self, seq: int, destination: str, next_at: int, error: str, text: str, detail: str = "") -> None:
        """Note a failed attempt and when the next one is due (unix milliseconds)."""

    async def bury(
        self, seq: int, destination: str, error: str, text: str, *, detail: str = "", holds: bool = True
    ) -> None:
        """Make a delivery a dead letter; `STEPS` takes every open delivery of the message with it."""

    async def open_deliveries(
        self, route: str, *, after: int, limit: int, destination: str | None = None, key: str | None = None
    ) -> Sequence[OpenDelivery]:
        """Open work of a route in the order of sequence numbers, beginning behind `after`.

        `destination` and `key` narrow it to one destination and to one lane, so that a long lane is loaded in pieces.
        """

    async def held_lanes(self, route: str) -> Sequence[tuple[str, str, int]]:
        """(destination, key, sequence number) of every dead letter that holds a lane.

        Deliveries of that lane with a lower number are not held: a replayed one goes first.
        """

    async def message_of(self, seq: int) -> StoredMessage | None: ...

    async def messages_of(self, seqs: Sequence[int], *, most_bytes: int) -> Sequence[StoredMessage]:
        """The first of these messages, in their order, until they have so many bytes; what is absent is left out."""

    async def progress(self, route: str, seqs: Sequence[int]) -> Sequence[Progress]:
        """What has become of messages of this route; those that it does not have are left out.

        `DeliveryProgress.answer` is the detail of the receipt, a text.
        """

    async def receipt_of(self, idempotency_key: str) -> str | None:
        """The remote id under which a delivery with this key was already made, or None."""

    async def replay(self, selection: Selection, *, by: str, why: str = "") -> Sequence[OpenDelivery]:
        """Turn dead letters into open deliveries of the version that was registered last; audited.

        Returns what became open.
        """

    async def discard(self, selection: Selection, *, by: str, why: str) -> int:
        """Close dead letters without delivering them; audited."""

    async def release(self, route: str, destination: str, key: str, *, by: str, why: str = "") -> int:
        """Let a held lane go on past its dead letters, which stay; audited."""

    async def control_number(self, series: str, seq: int, destination: str) -> int:
        """The number of one delivery in a series, from 1; the same for every attempt and after every restart."""

    async def expect_acknowledgement(self, series: str, number: int, due: int) -> None:
        """The interchange is out, and its acknowledgement is due (unix milliseconds)."""

    async def acknowledged(self, series: str, number: int, answer: str) -> Interchange | None:
        """An acknowledgement came. None where no such number was given out."""

    async def overdue(self, now: int) -> Sequence[Interchange]:
        """The interchanges whose acknowledgement is due and has not come, at most a hundred."""

    async def close(self) -> None: ...
