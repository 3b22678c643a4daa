"""Polls rows; each batch is one unit of lines of JSON. It goes on only when the journal has it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from tundish.errors import Backpressure, NotConnected
from tundish.faults import Fault
from tundish.model import Unit
from tundish.sdk import Context, Intake, Source, accept_patiently
from tundish.telemetry import Event
from tundish_connectors.sql.checking.inspection import source_faults
from tundish_connectors.sql.connection import SqlConnection
from tundish_connectors.sql.failures import SqlFailure, opening_error
from tundish_connectors.sql.reading.claims import Claims
from tundish_connectors.sql.reading.handing import NOTHING, Handing
from tundish_connectors.sql.reading.outbox import Outbox
from tundish_connectors.sql.reading.selection import Keys, Selection
from tundish_connectors.sql.reading.watermark import Watermark
from tundish_connectors.sql.settings import SqlSourceSettings
from tundish_connectors.sql.transaction import Running

T = TypeVar("T")


class SqlSource(Source[SqlSourceSettings, SqlConnection]):
    """One unit at a time is with the journal; meanwhile the rows before are finished, and the next ones are read."""

    def __init__(self, settings: SqlSourceSettings, connection: SqlConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._selection: Selection | None = None

    async def open(self) -> None:
        """Connect, and look at the table. Raises NotConnected, AuthFailed or Misconfigured."""
        settings, dialect = self.settings, self.connection.dialect
        own = [*([settings.watermark] if settings.watermark else []), *settings.key]
        if settings.status is not None:
            own.append(settings.status.column)
        if settings.outbox is not None and settings.outbox.column is not None:
            own.append(settings.outbox.column)
        self._selection = await self.connection.opened(lambda session: Selection(session, settings, dialect, own))

    async def close(self) -> None:
        """Forget what was known of the table."""
        self._selection = None

    async def check(self) -> Sequence[Fault]:
        """Look at rights, indexes and rows that would never be read."""
        settings, dialect = self.settings, self.connection.dialect
        return await self._run(lambda session: source_faults(session, settings, dialect))

    async def run(self, intake: Intake) -> None:
        """Poll. Raises NotConnected, AuthFailed or Misconfigured."""
        selection, settings = self._selection, self.settings
        if selection is None:
            raise NotConnected("the source is not open")
        cursor = await intake.cursor()
        if settings.status is not None:
            await self._hand(intake, Claims(selection, settings, settings.status, self.connection.dialect), cursor)
        elif settings.outbox is not None:
            await self._hand(intake, Outbox(selection, settings, settings.outbox), cursor)
        else:
            await self._follow(intake, Watermark(selection, settings, cursor))

    async def _follow(self, intake: Intake, watermark: Watermark) -> None:
        if watermark.is_new:
            self.context.log.warning(Event.SOURCE_STARTED_OVER, source=self.context.name)
        while True:
            page = await self._run(watermark.page)
            while not page.is_last:
                following = self.connection.begin(watermark.page)
                if page.rows:
                    await self._accept(intake, self._unit(page.body, page.rows, page.cursor), following)
                page = await self._result(following)
            if page.rows:
                await accept_patiently(intake, self._unit(page.body, page.rows, page.cursor))
            await asyncio.sleep(self.settings.poll)

    async def _hand(self, intake: Intake, handing: Handing, cursor: bytes | None) -> None:
        accepted = handing.accepted(cursor)
        if accepted is not None:
            await self._run(partial(handing.resume, accepted=accepted))
        names_rows = accepted is not None
        written: Keys = []
        while True:
            taken = await self._run(partial(handing.step, written=written, held=NOTHING))
            if names_rows and not taken.keys:
                # The table may use their keys again, also while the daemon is stopped.
                with contextlib.suppress(Backpressure):
                    await intake.keep(handing.all_finished)
                    names_rows = False
            written = []
            while taken.keys:
                unit = self._unit(taken.body, len(taken.keys), taken.cursor)
                following = self.connection.begin(partial(handing.step, written=written, held=taken))
                await self._accept(intake, unit, following)
                names_rows = True
                written, taken = taken.keys, await self._result(following)
            if not written:
                await asyncio.sleep(self.settings.poll)

    async def _accept(self, intake: Intake, unit: Unit, meanwhile: Running[Any]) -> None:
        """Wait for the journal; whoever is cancelled does not leave a transaction behind."""
        try:
            await accept_patiently(intake, unit)
        except BaseException:
            meanwhile.abandon()
            raise

    async def _run(self, work: Callable[[Connection], T]) -> T:
        return await self._result(self.connection.begin(work))

    async def _result(self, running: Running[T]) -> T:
        try:
            return await running.result()
        except SqlFailure as failure:
            raise opening_error(failure, self.connection.where) from failure

    def _unit(self, body: bytes, rows: int, cursor: bytes) -> Unit:
        return Unit(
            body=body, received=datetime.now(UTC), meta={"table": self.settings.table, "rows": rows}, cursor=cursor
        )
