"""The journal of one daemon, on SQLite: the face that the event loop sees."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from tundish.errors import JournalError
from tundish.journal.contract import (
    Accepted,
    Interchange,
    NewUnit,
    OpenDelivery,
    ReceiptOutcome,
    Selection,
    StoredMessage,
)
from tundish.journal.sqlite import idempotency
from tundish.journal.sqlite.care.retention import Purged, purge_find, purge_messages, purge_once
from tundish.journal.sqlite.limits import Limits
from tundish.journal.sqlite.opening import Opened, Opening
from tundish.journal.sqlite.reading.reader import SqliteReader
from tundish.journal.sqlite.reading.thread import ReadingThread
from tundish.journal.sqlite.writer import Writer
from tundish.journal.sqlite.writing import interchanges, operator, settling
from tundish.journal.sqlite.writing.book import Book
from tundish.model import Progress

T = TypeVar("T")
CLOCK_JUMP = 3_600_000
"""Milliseconds by which the wall clock may move against the monotonic one before the retention distrusts it."""


def unix_milliseconds() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


class SqliteJournal:
    """Implements `tundish.journal.contract.Journal`; `open_journal` makes it."""

    def __init__(
        self, writer: Writer, reading: ReadingThread, opened: Opened, limits: Limits, clock: Callable[[], int]
    ) -> None:
        self._writer = writer
        self._reading = reading
        self._identity = opened.identity
        self._crashed = opened.crashed
        self._longest_wait = int(limits.longest_wait * 1000)
        self._clock = clock
        self._offset = clock() - int(time.monotonic() * 1000)
        self._loop = asyncio.get_running_loop()

    @property
    def crashed(self) -> bool:
        """The process before this one did not close the journal."""
        return self._crashed

    async def register_route(self, name: str, digest: bytes, text: str) -> int:
        """The number of this route version; the same digest gets the same number."""

        def register(book: Book) -> int:
            return book.names.add_version(name, digest, text)

        return await self._change(register)

    def accept(self, unit: NewUnit) -> asyncio.Future[Accepted]:
        """Write a unit. Raises JournalFull (nothing was written) or JournalError, at once or as the result."""
        batch = self._writer.gathering()
        future: asyncio.Future[Accepted] = self._loop.create_future()
        batch.units.append(unit)
        batch.unit_futures.append(future)
        return future

    def started(self, seq: int, destination: str) -> None:
        """Note that a delivery is in flight; written with the next batch, never waited for."""
        self._writer.gathering().started.add((seq, destination))

    def done(
        self, seq: int, destination: str, outcome: ReceiptOutcome, *, remote_id: str = "", detail: str = ""
    ) -> asyncio.Future[None]:
        """Close a delivery with a receipt. Raises JournalError, at once or as the result."""
        batch = self._writer.gathering()
        future: asyncio.Future[None] = self._loop.create_future()
        batch.closed.append(settling.Done(seq, destination, outcome, remote_id, detail))
        batch.closed_futures.append(future)
        return future

    async def retry(self, seq: int, destination: str, next_at: int, error: str, text: str, detail: str = "") -> None:
        """Note a failed attempt and when the next one is due (unix milliseconds)."""
        await self._change(
            partial(
                settling.retry,
                seq=seq,
                destination=destination,
                next_at=next_at,
                error=error,
                text=text,
                detail=detail,
            )
        )

    async def bury(
        self, seq: int, destination: str, error: str, text: str, *, detail: str = "", holds: bool = True
    ) -> None:
        """Make a delivery a dead letter; `STEPS` takes every open delivery of the message with it."""
        await self._change(
            partial(settling.bury, seq=seq, destination=destination, error=error, text=text, detail=detail, holds=holds)
        )

    async def replay(self, selection: Selection, *, by: str, why: str = "") -> Sequence[OpenDelivery]:
        """Turn dead letters into open deliveries again; audited."""
        return await self._change(partial(operator.replay, selection=selection, by=by, why=why))

    async def discard(self, selection: Selection, *, by: str, why: str) -> int:
        """Close dead letters without delivering them; audited."""
        return await self._change(partial(operator.discard, selection=selection, by=by, why=why))

    async def release(self, route: str, destination: str, key: str, *, by: str, why: str = "") -> int:
        """Let a held lane go on past its dead letters, which stay; audited."""
        return await self._change(
            partial(operator.release, route=route, destination=destination, key=key, by=by, why=why)
        )

    async def control_number(self, series: str, seq: int, destination: str) -> int:
        """The number of one delivery in a series, from 1; the same for every attempt and after every restart."""
        change = partial(interchanges.control_number, series=series, seq=seq, destination=destination)
        return await self._change(change)

    async def expect_acknowledgement(self, series: str, number: int, due: int) -> None:
        """The interchange is out, and its acknowledgement is due (unix milliseconds)."""
        await self._change(partial(interchanges.expect, series=series, number=number, due=due))

    async def acknowledged(self, series: str, number: int, answer: str) -> Interchange | None:
        """An acknowledgement came. None where no such number was given out."""
        return await self._change(partial(interchanges.acknowledge, series=series, number=number, answer=answer))

    async def overdue(self, now: int) -> Sequence[Interchange]:
        """The interchanges whose acknowledgement is due and has not come, at most a hundred."""
        return await self.ask(lambda reader: reader.overdue(now))

    async def flush(self) -> None:
        """Wait until everything noted so far is on disk."""

        def nothing(_: Book) -> None:
            return None

        await self._change(nothing)

    async def cursor(self, name: str) -> bytes | None:
        """The last position of a source that was made durable."""
        return await self.ask(lambda reader: reader.cursor(name))

    async def open_deliveries(
        self, route: str, *, after: int, limit: int, destination: str | None = None, key: str | None = None
    ) -> Sequence[OpenDelivery]:
        """Open work of a route in the order of sequence numbers; a message comes with all its deliveries."""
        latest = self._clock() + self._longest_wait
        return await self.ask(
            lambda reader: reader.open_deliveries(
                route, after=after, limit=limit, latest=latest, destination=destination, key=key
            )
        )

    async def held_lanes(self, route: str) -> Sequence[tuple[str, str, int]]:
        """(destination, key, sequence number) of every dead letter that holds a lane."""
        return await self.ask(lambda reader: reader.held_lanes(route))

    async def message_of(self, seq: int) -> StoredMessage | None:
        """A message as it was accepted. Raises JournalCorrupt where its checksum is wrong."""
        return await self.ask(lambda reader: reader.message(seq))

    async def messages_of(self, seqs: Sequence[int], *, most_bytes: int) -> Sequence[StoredMessage]:
        """The first of these messages, in their order, until they have so many bytes."""
        return await self.ask(lambda reader: reader.messages_of(seqs, most_bytes))

    def idempotency_key(self, message: StoredMessage, destination: str) -> str:
        """The same for every attempt, every restart and, where the route declares `once`, every new journal."""
        return idempotency.key_of(self._identity, message, destination)

    async def progress(self, route: str, seqs: Sequence[int]) -> Sequence[Progress]:
        """What has become of messages of this route; those that it does not have are left out."""
        return await self.ask(lambda reader: reader.progress(route, seqs))

    async def receipt_of(self, idempotency_key: str) -> str | None:
        """The remote id under which a delivery with this key was already made, or None."""
        parts = idempotency.parse_key(self._identity, idempotency_key)
        if parts is None:
            return None
        return await self.ask(lambda reader: reader.receipt_of(parts))

    async def purge(self, *, keep: float) -> Purged:
        """Delete messages that are over and were accepted more than `keep` seconds ago, and old `once` keys.

        Works in short transactions between those of everyone else. What is open or dead stays, whatever its age. A
        wall clock that jumped is not believed before the next run, so a wrong hour costs no history.
        """
        before = self._clock() - int(keep * 1000)
        purged, begin = Purged(), 0 if self._clock_jumped() else 1
        while begin:
            messages, begin = await self._change(partial(purge_messages, begin=begin, before=before))
            purged += Purged(messages=messages)
        while keys := await self._change(purge_once):
            purged += Purged(once_keys=keys)
        while values := await self._change(purge_find):
            purged += Purged(find_values=values)
        return purged

    async def ask(self, query: Callable[[SqliteReader], T]) -> T:
        """Run a short query beside the writer; it sees everything that was awaited."""
        return await self._reading.ask(query)

    async def close(self) -> None:
        """Write what has queued and give the journal free; harmless when called again."""
        await self._reading.close()
        await self._writer.close()

    def _clock_jumped(self) -> bool:
        offset = self._clock() - int(time.monotonic() * 1000)
        jumped = abs(offset - self._offset) > CLOCK_JUMP
        self._offset = offset
        return jumped

    async def _change(self, change: Callable[[Book], T]) -> T:
        future: asyncio.Future[T] = self._loop.create_future()
        batch = self._writer.gathering()
        batch.changes.append(change)
        batch.change_futures.append(future)
        return await future


def _ignore(_: JournalError) -> None:
    """Callers learn of a fatal fault by the error of their own call."""


async def open_journal(
    folder: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    accept_loss: bool = False,
    on_fatal: Callable[[JournalError], None] = _ignore,
    clock: Callable[[], int] = unix_milliseconds,
    vfs: str = "",
) -> SqliteJournal:
    """Open the journal in `folder`, made where it is new, and own it until `close`.

    `accept_loss` starts a journal that is older than what was acknowledged. `on_fatal` is called once, in the event
    loop, when nothing can be written any more: the process must end, and open the journal again. `clock` gives unix
    milliseconds. `vfs` names a registered SQLite VFS.
    Raises JournalLocked, JournalLost, JournalCorrupt or JournalError.
    """
    writer = Writer(Opening(folder, limits, accept_loss, clock, vfs), on_fatal)
    opened = await writer.open()
    return SqliteJournal(writer, ReadingThread(folder, vfs, writer.refuse), opened, limits, clock)


def open_reader(folder: Path) -> SqliteReader:
    """Read a journal from any process, whether a daemon runs or not. Raises JournalError or JournalCorrupt."""
    return SqliteReader(folder)
