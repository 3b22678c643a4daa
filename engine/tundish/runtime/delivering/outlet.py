"""The outlet of a route to one destination: lanes give out work, attempts are made, outcomes reach the journal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from random import random

from tundish.errors import JournalError, JournalFull
from tundish.journal.contract import STEPS, Journal
from tundish.runtime.delivering.alarm import Alarm
from tundish.runtime.delivering.attempt import Attempts, Ended
from tundish.runtime.delivering.circuit import Circuit
from tundish.runtime.delivering.lane import Item, Limits, Want
from tundish.runtime.delivering.lanes import Lanes
from tundish.runtime.delivering.messages import Messages
from tundish.runtime.delivering.verdicts import Again, Dead, Done, Gone
from tundish.runtime.delivering.workers import Workers
from tundish.runtime.supervisor import Supervisor
from tundish.sdk import Backoff, Logger
from tundish.telemetry import Event

CIRCUIT_BACKOFF = Backoff(1.0, 60.0)
SETTLING = 512
"""Outcomes that may be on their way to the disk while the next deliveries are made already."""
ABANDON_WITHIN = 2.0
READ_AGAIN = 1.0
"""Seconds to wait when the journal could not be read or has no room for an outcome."""

Buried = Callable[[str, int, bool], None]
"""Hears key, sequence number and `holds` of a message that died in the steps; every outlet of the route must know."""


class Outlet:
    """Moves the deliveries of one destination of one route."""

    def __init__(
        self,
        route: str,
        destination: str,
        *,
        ordered: bool,
        concurrency: int,
        holds: bool,
        journal: Journal,
        messages: Messages,
        attempts: Attempts,
        supervisor: Supervisor,
        log: Logger,
        buried: Buried,
        ended: Callable[[int], None],
        settled: Callable[[int], None],
        limits: Limits,
    ) -> None:
        """`holds` tells whether a dead letter holds its lane; `ended` hears how many deliveries got their fate,
        `settled` of which message one did, when that is on disk."""
        self.destination = destination
        self.concurrency = concurrency
        self.holds = holds
        self.ordered = ordered
        self.lanes = Lanes(ordered=ordered, clock=time.monotonic, limits=limits)
        self.circuit = Circuit(CIRCUIT_BACKOFF, clock=time.monotonic, random=random)
        self.replayed: set[int] = set()
        """Messages that an operator sent again: their ledger is asked before they are delivered."""
        self._route = route
        self._journal = journal
        self._messages = messages
        self._attempts = attempts
        self._log = log
        self._facts = {"route": route, "destination": destination}
        self._buried = buried
        self._ended = ended
        self._settled = settled
        self._scope = supervisor.scope(f"{route}/to/{destination}")
        self._parked: dict[int, Item] = {}
        """What waits for a dead letter of the steps that another outlet is writing."""
        self._gate: Callable[[], bool] = lambda: False
        self._in_flight = 0
        self._settling = 0
        self._workers = Workers(self._scope, deliver=self._deliver, following=self._next, returned=self._never_begun)
        self._pumping = False
        """It pumps before this turn of the event loop is over."""
        self._alarm = Alarm(self.pump)
        """For the next retry, or the end of a pause."""

    @property
    def in_flight(self) -> int:
        """Attempts that are being made now."""
        return self._in_flight

    @property
    def is_idle(self) -> bool:
        """Nothing is in flight, and nothing is being written."""
        return not self._in_flight and not self._settling

    def open(self, gate: Callable[[], bool]) -> None:
        """Begin to deliver whenever `gate` says that the destination can be used."""
        self._gate = gate
        self.pump()

    def close(self) -> None:
        """Start no more attempts; those on their way go on."""
        self._gate = lambda: False
        self._alarm.clear()

    async def abandon(self) -> None:
        """Give up what is in flight; the journal learns that nobody knows what became of it."""
        await self._scope.stop(ABANDON_WITHIN)

    def offer(self, item: Item) -> bool:
        """A message was just accepted; True when its delivery is in memory."""
        return self.lanes.offer(item)

    def pump(self) -> None:
        """Start whatever can start, before this turn of the event loop is over. Called whenever something changed."""
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        while (item := self._next()) is not None:
            self._workers.give(item)
        self._look_ahead()

    def _next(self) -> Item | None:
        """What is to be delivered now, already counted as in flight."""
        if self._in_flight >= self.concurrency or self._settling >= SETTLING or not self._gate():
            return None
        item = self.lanes.take() if self.circuit.allows() else None
        if item is not None:
            self.circuit.started()
            self._in_flight += 1
        return item

    def _never_begun(self, item: Item) -> None:
        """The outlet is abandoned: the delivery stays open in the journal, as if it had never been taken."""
        self._in_flight -= 1

    def _look_ahead(self) -> None:
        """Ask the journal for what the lanes have room for, and wake up for what waits for its time."""
        if not self._gate():
            return
        want = self.lanes.wants()
        if want is not None:
            self._scope.start(self._read(want), name="lanes")
        self._alarm.set((self.lanes.next_due(), self.circuit.until))

    async def _read(self, want: Want) -> None:
        try:
            rows = await self._journal.open_deliveries(
                self._route, after=want.after, limit=want.limit, destination=self.destination, key=want.key
            )
            await self._messages.read_ahead(row.seq for row in rows)
        except JournalError as error:
            self._log.error(Event.JOURNAL_FAILED, **self._facts, error=str(error))
            await asyncio.sleep(READ_AGAIN)
            self.lanes.read_failed(want)
        else:
            self.lanes.loaded(want, rows, time.time_ns() // 1_000_000)
        self.pump()

    async def _deliver(self, item: Item) -> None:
        try:
            ended = await self._attempts.make(item, replayed=item.seq in self.replayed)
        except asyncio.CancelledError:
            await self._journal.retry(item.seq, self.destination, 0, "Unknown", "stopped while it was in flight")
            raise
        finally:
            self._in_flight -= 1
        self._note_contact(ended, item)
        self._settling += 1
        if isinstance(ended.verdict, Done):
            self._done(item, ended.verdict)
        else:
            self._scope.start(self._settle(item, ended.verdict, ended), name="outcome")

    def _note_contact(self, ended: Ended, item: Item) -> None:
        verdict = ended.verdict
        if isinstance(verdict, Again) and verdict.pause:
            self.circuit.pause(verdict.pause)
        elif ended.contact == "none":
            self.circuit.spared()
        elif ended.contact == "down":
            if self.circuit.failed(item.key if self.ordered else item.seq):
                self._log.warning(
                    Event.CIRCUIT_OPENED, **self._facts, until=round(self.circuit.until - time.monotonic(), 1)
                )
        elif self.circuit.succeeded():
            self._log.info(Event.CIRCUIT_CLOSED, **self._facts)

    def _done(self, item: Item, done: Done) -> None:
        # The lane goes on before the receipt is on disk: receipts are written in this order, so after a crash what is
        # repeated is repeated in order.
        self.lanes.finish(item)
        try:
            written = self._journal.done(
                item.seq, self.destination, done.outcome, remote_id=done.remote_id, detail=done.detail
            )
        except JournalError as error:
            self._is_done(item, error)
        else:
            written.add_done_callback(lambda written: self._is_done(item, written.exception()))

    def _is_done(self, item: Item, error: BaseException | None) -> None:
        """The receipt is on disk, or the journal could not take it."""
        self._settling -= 1
        if error is not None:
            self._log.error(Event.JOURNAL_FAILED, **self._facts, error=str(error))
        self.replayed.discard(item.seq)
        self.lanes.settled(item)
        self._ended(1)
        self._settled(item.seq)
        self.pump()

    async def _settle(self, item: Item, verdict: Again | Dead | Gone, ended: Ended) -> None:
        try:
            match verdict:
                case Again() as again:
                    await self._again(item, again, ended)
                case Dead() as dead:
                    await self._dead(item, dead)
                case Gone():
                    if item.gone:
                        self._withdraw(item)
                    else:
                        # The lane stays where it is until the dead letter is on disk and holds it.
                        self._parked[item.seq] = item
        finally:
            self._settling -= 1
        self.pump()

    async def _again(self, item: Item, again: Again, ended: Ended) -> None:
        next_at = time.time_ns() // 1_000_000 + int(again.wait * 1000)
        due = time.monotonic() + again.wait
        event = Event.DELIVERY_AUTH_FAILED if again.error == "AuthFailed" else Event.DELIVERY_RETRIED
        say = self._log.error if again.error == "AuthFailed" else self._log.info
        facts = {"error": again.error, "text": again.text, "wait": round(again.wait, 2)}
        say(event, **self._facts, seq=item.seq, key=item.key, **facts)
        if not await self._write(
            lambda: self._journal.retry(item.seq, self.destination, next_at, again.error, again.text, again.detail)
        ):
            self._withdraw(item)
            self._ended(1)
            return
        item.attempts += 1
        item.patient += again.patient
        if ended.contact != "none":
            item.unknown = again.unknown
        item.crashes = 0
        self.lanes.retry(item, due)

    async def _dead(self, item: Item, dead: Dead) -> None:
        holds = self.holds and self.ordered
        self._log.error(
            Event.DEAD_LETTER, **self._facts, seq=item.seq, key=item.key, error=dead.error, text=dead.text, holds=holds
        )
        where = STEPS if dead.in_steps else self.destination
        written = await self._write(
            lambda: self._journal.bury(item.seq, where, dead.error, dead.text, detail=dead.detail, holds=holds)
        )
        self.replayed.discard(item.seq)
        if dead.in_steps:
            self._buried(item.key, item.seq, written and holds)
        elif written and holds:
            self.lanes.hold(item.key, item.seq)
        self._withdraw(item)
        self._ended(1)
        self._settled(item.seq)

    def died_in_steps(self, key: str, seq: int, *, holds: bool) -> None:
        """A message of the route became a dead letter before any destination was concerned."""
        if holds:
            self.lanes.hold(key, seq)
        self.lanes.drop(key, seq)
        item = self._parked.pop(seq, None)
        if item is not None:
            self._withdraw(item)
        self.pump()

    def _withdraw(self, item: Item) -> None:
        """The delivery is not open any more."""
        self.lanes.finish(item)
        self.lanes.settled(item)

    async def _write(self, write: Callable[[], Coroutine[object, object, None]]) -> bool:
        """Write an outcome, however long the disk is full; False when the journal knows no such open delivery."""
        while True:
            try:
                await write()
            except JournalFull as error:
                self._log.error(Event.JOURNAL_FULL, **self._facts, error=str(error))
                await asyncio.sleep(READ_AGAIN)
            except JournalError as error:
                self._log.error(Event.JOURNAL_FAILED, **self._facts, error=str(error))
                return False
            else:
                return True
