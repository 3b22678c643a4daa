"""The writer: one thread that owns the connection and commits whatever queued while the last sync was running."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable

import apsw

from tundish.errors import JournalError, JournalFull
from tundish.journal.sqlite.answers import Answer, Future, complete
from tundish.journal.sqlite.faults import as_journal_error, fault_kind
from tundish.journal.sqlite.opening import Opened
from tundish.journal.sqlite.writing.batch import Batch

BATCH = 512
"""Operations in one transaction; more does not make a sync cheaper, it only makes everyone wait."""
ENOUGH = 64
"""Operations for which the thread is woken even if more of them come in every turn of the event loop."""
RETURN = 0.0005
"""Seconds in which those who were answered come again, if they do it at once."""
MARK_EVERY = 1.0
"""Seconds between two high-water marks."""
COMPANY = 0.005
"""Seconds that in-flight marks wait for something that someone waits for."""
_BUSY = "{}: another program has locked the journal for longer than 5 s; end it, accepting goes on by itself"
FULL_AGAIN = 0.25
"""Seconds between two attempts to write what is left while the disk is full."""


class Writer:
    """Takes operations from the event loop and gives answers back, one wake-up of the loop per transaction."""

    def __init__(self, open_it: Callable[[], Opened], on_fatal: Callable[[JournalError], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._open = open_it
        self._on_fatal = on_fatal
        self._gathering: Batch | None = None
        self._queue: deque[Batch] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._left = Batch()
        self._expected = 0
        """How many operations there are when everyone who was answered comes again."""
        self._answered_at = 0.0
        self._marked = 0
        self._marked_at = 0.0
        self._opened: Future = self._loop.create_future()
        self._ended: Future = self._loop.create_future()
        self.fatal: JournalError | None = None
        """Why nothing is written any more."""
        self._told = False
        self._heard = 0
        """Refusals of units that everyone in the event loop knows of."""
        self._refusals = 0
        """Refusals that there were; the thread counts them."""
        self._refused = ""
        self._thread = threading.Thread(target=self._run, name="tundish-journal", daemon=True)

    async def open(self) -> Opened:
        """Start the thread and open the journal in it. Raises what opening raises."""
        self._thread.start()
        try:
            opened: Opened = await asyncio.shield(self._opened)
        except asyncio.CancelledError:
            await self.close()
            raise
        return opened

    def gathering(self) -> Batch:
        """What this turn of the event loop wants written; add to it at once, and never from another thread.

        It is handed over when a turn brings nothing more, so that everyone who is ready shares a transaction.
        Raises JournalError where the writer has stopped.
        """
        if self._gathering is None:
            if self.fatal is not None:
                raise type(self.fatal)(*self.fatal.args)
            if self._closing:
                raise JournalError("the journal is closed")
            self._gathering = Batch(heard=self._heard)
            self._loop.call_soon(self._turned, 0)
        return self._gathering

    def _turned(self, before: int) -> None:
        """Look whether the turn that ends has brought more than there was `before`."""
        size = len(self._gathering) if self._gathering is not None else 0
        if before < size < ENOUGH:
            self._loop.call_soon(self._turned, size)
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._gathering is not None:
            self._queue.append(self._gathering)
            self._gathering = None
            self._wake.set()
            if self.fatal is not None:
                self.refuse(self.fatal)

    def _hear(self, refusals: int) -> None:
        """Those who were refused hear of it in the next turn of the event loop; this is called in the one before."""
        self._loop.call_soon(setattr, self, "_heard", refusals)

    def refuse(self, fatal: JournalError) -> None:
        """Refuse everything from now on and say why, once; from the event loop only."""
        self.fatal = fatal
        while self._queue:
            complete([(future, None, fatal) for future in self._queue.popleft().futures])
        if not self._told:
            self._told = True
            self._on_fatal(fatal)

    async def close(self) -> None:
        """Write what has queued, then close the file; harmless when called again."""
        self._hand_over()
        self._closing = True
        self._wake.set()
        await self._ended

    # What follows runs in the thread.

    def _run(self) -> None:
        try:
            opened = self._open()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the caller of `open` gets it
            self._tell([(self._opened, None, error), (self._ended, None, None)])
            return
        self._marked = opened.book.commits
        self._tell([(self._opened, opened, None)])
        try:
            self._work(opened)
            self._end(opened)
        except BaseException as error:  # noqa: BLE001 - a thread must not end in silence
            self._stop(opened, error)
        self._tell([(self._ended, None, None)])

    def _work(self, opened: Opened) -> None:
        while True:
            closing = self._closing
            batch = self._next_batch(opened)
            if batch:
                self._write(opened, batch)
                self._checkpoint(opened)
            if closing and not self._queue:
                break
            self._mark(opened)

    def _end(self, opened: Opened) -> None:
        """The daemon closes the journal. A full disk does not keep it from that, nor is it worth an alarm."""
        unwritten = JournalError("the journal was closed while the disk was full, so this was not written")
        self._answer_all(self._left, unwritten)
        try:
            opened.close()
        except (apsw.Error, OSError) as error:
            if fault_kind(error, opened.book.connection.system_errno) != "full":
                raise
            opened.abandon()

    def _next_batch(self, opened: Opened) -> Batch:
        """Whatever has queued; waits for it, but not beyond the next duty."""
        if not self._queue and not self._closing:
            self._wake.wait(self._patience(opened))
        batch, self._left = self._left, Batch()
        self._drain(batch)
        self._wait_for_the_answered(batch)
        if batch.started and not batch.waited_for and not self._closing:
            self._wake.wait(COMPANY)
            self._drain(batch)
        return batch

    def _wait_for_the_answered(self, batch: Batch) -> None:
        """Let those share the transaction who were answered by the last one and come again, such as clients that wait.

        Otherwise they and those who are here already would take turns for ever, with twice as many transactions.
        """
        enough, until = min(self._expected, ENOUGH), self._answered_at + RETURN
        while batch and len(batch) < enough and not self._closing and (left := until - time.monotonic()) > 0:
            self._wake.wait(left)
            self._drain(batch)

    def _drain(self, batch: Batch) -> None:
        self._wake.clear()
        while self._queue and len(batch) < BATCH:
            batch.take_in(self._queue.popleft())

    def _patience(self, opened: Opened) -> float | None:
        if self._left:
            return FULL_AGAIN
        if opened.book.commits != self._marked:
            return max(0.0, self._marked_at + MARK_EVERY - time.monotonic())
        return None

    def _checkpoint(self, opened: Opened) -> None:
        """After the answers, so that nobody waits for it. On a full disk the log stays as it is."""
        connection = opened.book.connection
        try:
            opened.book.checkpoint()
        except apsw.Error as error:
            if fault_kind(error, connection.system_errno) != "full":
                raise
            opened.room.give_up_ballast()

    def _mark(self, opened: Opened) -> None:
        commits = opened.book.commits
        if commits != self._marked and time.monotonic() - self._marked_at >= MARK_EVERY:
            self._marked_at = time.monotonic()
            try:
                opened.mark()
            except OSError as error:
                if fault_kind(error) != "full":
                    raise
            else:
                self._marked = commits

    def _write(self, opened: Opened, batch: Batch) -> None:
        if batch.units and batch.heard < self._refusals:
            # Whoever brought these did not know that others were refused; taken now, they would overtake them.
            self._tell([(future, None, JournalFull(self._refused)) for future in batch.unit_futures])
            batch = batch.without_units()
        elif batch.units and (refusal := opened.room.refusal()):
            self._refuse(batch, refusal)
            batch = batch.without_units()
        if not batch:
            return
        try:
            answers = batch.write(opened.book)
        except Exception as error:  # noqa: BLE001 - its kind decides below; every caller gets an answer
            self._recover(opened, batch, error)
        else:
            self._expected = batch.waited_for + sum(map(len, tuple(self._queue)))
            self._answered_at = time.monotonic()
            self._tell([(future, answer, None) for future, answer in zip(batch.futures, answers, strict=True)])

    def _recover(self, opened: Opened, batch: Batch, error: Exception) -> None:
        kind = fault_kind(error, opened.book.connection.system_errno)
        if kind != "fatal":
            try:
                opened.book.roll_back()
            except apsw.Error as second:
                kind, error = "fatal", second
        if kind == "fatal":
            self._answer_all(batch, as_journal_error(error, opened.folder))
            raise error
        if kind == "full":
            busy = isinstance(error, apsw.BusyError)
            self._shelve(opened, batch, _BUSY.format(opened.folder) if busy else opened.room.disk_full)
        elif len(batch) == 1:
            self._answer_all(batch, error)
        else:
            for part in batch.singly():
                self._write(opened, part)

    def _refuse(self, batch: Batch, text: str) -> None:
        if not batch.units:
            return
        self._refusals, self._refused = self._refusals + 1, text
        self._tell([(future, None, JournalFull(text)) for future in batch.unit_futures])
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._hear, self._refusals)

    def _shelve(self, opened: Opened, batch: Batch, why: str) -> None:
        """There is no room: units are refused, everything else is tried again until it can be written."""
        self._refuse(batch, why)
        rest = batch.without_units()
        if rest and opened.room.give_up_ballast():
            self._write(opened, rest)
        elif len(rest) > 1:
            # What makes room must not wait for what needs it.
            for part in rest.singly():
                self._write(opened, part)
        else:
            self._left.take_in(rest)

    def _answer_all(self, batch: Batch, error: BaseException) -> None:
        self._tell([(future, None, error) for future in batch.futures])

    def _stop(self, opened: Opened, error: BaseException) -> None:
        """A fault after which nothing in memory can be trusted to be on disk: refuse everything and say so."""
        self.fatal = as_journal_error(error, opened.folder)
        with contextlib.suppress(apsw.Error):
            opened.abandon()
        self._answer_all(self._left, self.fatal)
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.refuse, self.fatal)

    def _tell(self, answers: list[Answer]) -> None:
        if answers:
            # The loop may be gone already where a daemon was torn down without closing its journal.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(complete, answers)
