"""The intake of a route: a unit is on disk, with its messages and their deliveries, before its source hears of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from tundish.errors import Backpressure, JournalError, JournalFull
from tundish.formats.contract import InterchangeFormat
from tundish.journal.contract import Accepted, Journal, NewUnit, StoredMessage
from tundish.model import Acceptance, Progress, Record, Reply, Scope, Unit
from tundish.plan.evaluation import scope_of
from tundish.plan.route import ReadFault, RoutePlan
from tundish.runtime.accepting.keying import Keyed, keyed, meta_of, read_parts
from tundish.runtime.accepting.lines import Lines
from tundish.runtime.accepting.replies import Replies
from tundish.runtime.accepting.results import Results
from tundish.runtime.accepting.streaming import stream
from tundish.runtime.delivering.lane import Item
from tundish.runtime.delivering.messages import InHand
from tundish.runtime.supervisor import Supervisor
from tundish.sdk import Intake, Logger
from tundish.telemetry import Event

T = TypeVar("T")

FULL_PAUSE = 1.0
"""Seconds after which a source tries again when the journal has no room. Until then nothing is taken, so that what was
refused is not overtaken."""


class RouteIntake(Intake):
    """The intake for the source of one route version."""

    def __init__(
        self,
        plan: RoutePlan,
        version: int,
        *,
        journal: Journal,
        lines: Lines,
        supervisor: Supervisor,
        log: Logger,
        journal_full: Callable[[str], None],
        replies: Replies,
    ) -> None:
        """`journal_full` hears why nothing could be written, and an empty text when something was written again."""
        self._plan = plan
        self._version = version
        self._journal = journal
        self._lines = lines
        self._supervisor = supervisor
        self._log = log
        self._journal_full = journal_full
        self._replies = replies
        self._cursor_name = f"{plan.name}/from"
        self._pending = 0
        self._stopped = False
        self._full: tuple[float, str] = (0.0, "")
        """Until when the journal is not asked again, and why."""
        self._refusing = False

    @property
    def pending(self) -> int:
        """Units that are being written, also those whose source does not wait for them any more."""
        return self._pending

    def stop(self) -> None:
        """Take no more units; those that are being written still get their acceptance."""
        self._stopped = True
        self._replies.stop()

    async def cursor(self) -> bytes | None:
        """The last position that was made durable for this source."""
        return await self._journal.cursor(self._cursor_name)

    async def keep(self, cursor: bytes) -> None:
        """Make a position durable without a unit. Raises Backpressure."""
        self._refuse()
        try:
            await self._journal.accept(
                NewUnit(
                    self._version, received=0, meta=b"{}", body=b"", messages=(), cursor=(self._cursor_name, cursor)
                )
            )
        except JournalError as error:
            raise self._back_pressure(error) from error

    async def reply(self, acceptance: Acceptance) -> Reply | None:
        """What to answer to a peer that waits; None where the route answers at once."""
        return await self._replies.of(acceptance)

    async def progress(self, message: int) -> Progress | None:
        """What has become of a message of this route."""
        return await self._replies.progress(message)

    async def accept(self, unit: Unit) -> Acceptance:
        """Make the unit durable. Raises Backpressure when nothing can be taken now, OSError for an unreadable path.

        Units are accepted in the order of the calls. A cancelled caller does not take its unit back: it may be on
        disk, and is then delivered. Of a path, the first thousand ids and faults are returned.
        """
        if isinstance(unit.body, Path) and not unit.faults:
            self._refuse()
            return await self._accept_stream(unit, unit.body)
        # Whoever waits may be cancelled: what is written goes on all the same, see `_write`.
        return await self.hand_over(unit)

    def hand_over(self, unit: Unit) -> asyncio.Future[Acceptance]:
        """The same for a unit whose body is in memory, without waiting. Raises Backpressure, at once or later."""
        self._refuse()
        meta, encoded, faults = meta_of(unit)
        faults = (*unit.faults, *faults)
        given = unit.body if isinstance(unit.body, bytes) else b""
        parts = [ReadFault(given, faults)] if faults else list(read_parts(self._plan, (given,), meta, unit))
        whole = keyed(self._plan, parts, name=unit.name, first=0, body=given)
        body = given if len(parts) == 1 and whole.messages else b""
        return self._write(whole, unit, meta, encoded, body=body, cursor=self._cursor_of(unit), tell=self._acceptance)

    def _cursor_of(self, unit: Unit) -> tuple[str, bytes] | None:
        return None if unit.cursor is None else (self._cursor_name, unit.cursor)

    async def _accept_stream(self, unit: Unit, path: Path) -> Acceptance:
        """Every batch is written with the position behind it, so that a unit that was begun is never begun again."""
        meta, encoded, faults = meta_of(unit)
        if faults:
            return await self.hand_over(replace(unit, faults=faults))
        cursor = self._cursor_of(unit)
        progress = f"{self._plan.name}/unit/{unit.name}" if unit.name else ""
        position = int(await self._journal.cursor(progress) or 0) if progress else 0
        results = Results(resumed=position > 0)
        async with contextlib.aclosing(stream(self._plan, path, meta, unit, position)) as batches:
            async for batch in batches:
                at = (progress, str(batch.end).encode()) if progress else None
                at = cursor if batch.last and cursor else at
                results.add(await self._patiently(batch.parts, unit, meta, encoded, at), batch.parts.faults)
        return self._summed(results)

    def _refuse(self) -> None:
        if self._stopped:
            raise Backpressure("the route is being stopped")
        until, why = self._full
        if (rest := until - time.monotonic()) > 0:
            raise Backpressure(why, rest)
        refusal = self._lines.refusal()
        if bool(refusal) != self._refusing:
            self._refusing = bool(refusal)
            event = Event.BACKPRESSURE_ON if refusal else Event.BACKPRESSURE_OFF
            self._log.warning(event, route=self._plan.name, text=refusal)
        if refusal:
            raise Backpressure(refusal)

    async def _patiently(
        self, parts: Keyed, unit: Unit, meta: Record, encoded: bytes, cursor: tuple[str, bytes] | None
    ) -> Accepted:
        """Write one batch; a half-read unit waits for room instead of being given up."""
        while True:
            try:
                self._refuse()
                return await self._write(parts, unit, meta, encoded, body=b"", cursor=cursor, tell=_as_it_is)
            except Backpressure as full:
                await asyncio.sleep(full.seconds)

    def _write(
        self,
        parts: Keyed,
        unit: Unit,
        meta: Record,
        encoded: bytes,
        *,
        body: bytes,
        cursor: tuple[str, bytes] | None,
        tell: Callable[[Accepted, Keyed], T],
    ) -> asyncio.Future[T]:
        """What `tell` makes of it, when it is on disk. Raises Backpressure, at once or as the result."""
        new = NewUnit(
            route_version=self._version,
            received=int(unit.received.timestamp() * 1000),
            meta=encoded,
            body=body,
            messages=parts.messages,
            dead_letters=parts.dead,
            reference=str(unit.body) if isinstance(unit.body, Path) else "",
            cursor=cursor,
        )
        try:
            written = self._journal.accept(new)
        except JournalError as error:
            raise self._back_pressure(error) from error
        self._pending += 1
        # Whoever waits may be cancelled; what is written goes on to the lanes all the same.
        told: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        form, name = self._plan.format, f"{self._plan.name}: acknowledgements"

        def on_disk(written: asyncio.Future[Accepted]) -> None:
            self._pending -= 1
            try:
                accepted = self._take(new, parts, meta, unit.received, written)
            except Exception as error:  # noqa: BLE001 - it is raised again where the result is awaited
                if not told.done():
                    told.set_exception(error)
                return
            answer = partial(_answer, told, tell, accepted, parts)
            if isinstance(form, InterchangeFormat):
                self._supervisor.start(self._note_acknowledgements(form, parts, answer), name=name)
            else:
                answer()

        written.add_done_callback(on_disk)
        return told

    def _take(
        self, new: NewUnit, parts: Keyed, meta: Record, received: datetime, written: asyncio.Future[Accepted]
    ) -> Accepted:
        """Hand the new messages to the lanes, in the order in which they are on disk. Raises Backpressure."""
        try:
            accepted = written.result()
        except JournalError as error:
            raise self._back_pressure(error) from error
        self._journal_full("")
        if accepted.fresh:
            self._hand_over(new, parts, accepted, scope_of(self._plan, meta, received))
            self._lines.pump()
        return accepted

    def _back_pressure(self, error: JournalError) -> Backpressure:
        self._full = (time.monotonic() + FULL_PAUSE, str(error))
        if isinstance(error, JournalFull):
            self._journal_full(str(error))
            return Backpressure(str(error), FULL_PAUSE)
        return Backpressure(f"the journal takes nothing: {error}", FULL_PAUSE)

    async def _note_acknowledgements(self, form: InterchangeFormat, parts: Keyed, then: Callable[[], None]) -> None:
        """Acknowledgements that came in belong to interchanges that went out before."""
        try:
            for found in (found for record in parts.records for found in form.answered(record)):
                sent = await self._journal.acknowledged(found.series, found.number, found.answer)
                facts = {"series": found.series, "number": found.number, "answer": found.answer}
                if sent is None:
                    self._log.warning(Event.ACKNOWLEDGEMENT_UNKNOWN, route=self._plan.name, **facts)
                elif found.answer != "accepted":
                    self._log.error(Event.INTERCHANGE_REFUSED, message=sent.seq, destination=sent.destination, **facts)
        finally:
            then()

    def _hand_over(self, new: NewUnit, parts: Keyed, accepted: Accepted, scope: Scope) -> None:
        fresh = set(accepted.fresh)
        now = time.time_ns() // 1_000_000
        for index, seq in enumerate(accepted.seqs):
            if seq not in fresh:
                continue
            message = parts.messages[index]
            offers = [self._lines.offer(Item(seq, message.key, self._version), name) for name in message.destinations]
            if not any(offers):
                continue
            stored = StoredMessage(
                seq=seq,
                route=self._plan.name,
                route_version=self._version,
                key=message.key,
                received=new.received,
                accepted=now,
                meta=new.meta,
                body=new.body,
                payload=message.payload,
                index=index,
                once=message.once,
            )
            self._lines.keep(InHand(stored, parts.records[index], scope, uses=sum(offers)))

    def _acceptance(self, accepted: Accepted, parts: Keyed) -> Acceptance:
        results = Results()
        results.add(accepted, parts.faults)
        return self._summed(results)

    def _summed(self, results: Results) -> Acceptance:
        if results.conflicts:
            self._log.warning(Event.UNIT_CONFLICT, route=self._plan.name, messages=results.conflicts)
        if results.faults:
            faults = [str(fault) for fault in results.faults[:5]]
            self._log.warning(Event.UNIT_INVALID, route=self._plan.name, faults=faults)
        return results.acceptance()


def _as_it_is(accepted: Accepted, parts: Keyed) -> Accepted:
    return accepted


def _answer(told: asyncio.Future[T], tell: Callable[[Accepted, Keyed], T], accepted: Accepted, parts: Keyed) -> None:
    if not told.done():
        told.set_result(tell(accepted, parts))
