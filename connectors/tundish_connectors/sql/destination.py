"""Writes each message in one transaction; messages that are ready at the same time share one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from tundish.errors import DeliveryError, Duplicate, NotConnected, Transient, Unknown
from tundish.faults import Fault
from tundish.model import Outgoing, Receipt, Value
from tundish.sdk import Batches, Context, Destination
from tundish_connectors.sql.checking.inspection import destination_faults
from tundish_connectors.sql.connection import SqlConnection
from tundish_connectors.sql.failures import SqlFailure, delivery_error, opening_error
from tundish_connectors.sql.write_settings import SqlDestinationSettings
from tundish_connectors.sql.writing.batch import Outcome, Prepared, Writer
from tundish_connectors.sql.writing.ledger import Ledger
from tundish_connectors.sql.writing.statements import StatementWrite, TableWrite, Write
from tundish_connectors.sql.writing.values import Values, Writing


class SqlDestination(Destination[SqlDestinationSettings, SqlConnection]):
    """Where a batch fails, each of its messages is tried by itself, so that a bad one stops no other."""

    def __init__(self, settings: SqlDestinationSettings, connection: SqlConnection, context: Context) -> None:
        """Raises Misconfigured for an expression that cannot work."""
        super().__init__(settings, connection, context)
        names = [f"write[{number}]." if settings.write else "" for number in range(len(settings.writes))]
        self._values = [Values(write, name) for write, name in zip(settings.writes, names, strict=True)]
        self._writer: Writer | None = None
        self._batches: Batches | None = None

    async def open(self) -> None:
        """Connect, and look at the tables. Raises NotConnected, AuthFailed or Misconfigured."""
        await self.close()
        self._writer = await self.connection.opened(self._made)
        self._batches = Batches(self._send, most=self.settings.batch)
        self._batches.start(self.context)

    def _made(self, session: Connection) -> Writer:
        settings, dialect = self.settings, self.connection.dialect
        writes: list[Write] = [
            TableWrite(session, write, dialect, settings.timezone)
            if write.table is not None
            else StatementWrite(write, dialect)
            for write in settings.writes
        ]
        return Writer(writes, Ledger(session, settings.ledger) if settings.ledger is not None else None)

    async def close(self) -> None:
        """Let nobody wait."""
        if self._batches is not None:
            self._batches.close()
        self._writer = self._batches = None

    async def check(self) -> Sequence[Fault]:
        """Look at rights, unique indexes and engines."""
        settings, dialect = self.settings, self.connection.dialect
        try:
            return await self.connection.run(lambda session: destination_faults(session, settings, dialect))
        except SqlFailure as failure:
            raise opening_error(failure, self.connection.where) from failure

    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """`table`, `procedure` or `statement`, and `rows`; of several writes, a list under `writes`. Raises Invalid."""
        shown = [_shown(values.of(message)) for values in self._values]
        return shown[0] if not self.settings.write else {"writes": [dict(one) for one in shown]}

    async def deliver(self, message: Outgoing) -> Receipt:
        """Raises Invalid, Rejected, BusinessRejected, Duplicate, AuthFailed, Transient or Unknown."""
        if self._batches is None:
            raise Transient("the database is not connected")
        return await self._batches.deliver(message)

    async def _send(self, messages: Sequence[Outgoing]) -> Sequence[Outcome]:
        writer = self._writer
        if writer is None:
            raise Transient("the database is not connected")
        outcomes: list[Outcome | None] = [None] * len(messages)
        batch: list[tuple[int, Prepared]] = []
        for number, message in enumerate(messages):
            try:
                batch.append((number, self._prepared(writer, message)))
            except DeliveryError as error:
                outcomes[number] = error
        for (number, _), outcome in zip(batch, await self._together(writer, [one for _, one in batch]), strict=True):
            outcomes[number] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    def _prepared(self, writer: Writer, message: Outgoing) -> Prepared:
        """Raises Invalid."""
        rows = [
            tuple(write.bound(row, message) for row in values.of(message).rows)
            for values, write in zip(self._values, writer.writes, strict=True)
        ]
        return Prepared(message, tuple(rows))

    async def _together(self, writer: Writer, batch: Sequence[Prepared]) -> Sequence[Outcome]:
        if not batch:
            return ()
        try:
            return await self.connection.run(lambda session: writer.write(session, batch))
        except NotConnected as error:
            return [Transient(str(error))] * len(batch)
        except SqlFailure as failure:
            if failure.kind in {"lost", "refused"} or len(batch) == 1:
                outcome = await self._outcome(writer, failure, batch[0].message)
                return [outcome] * len(batch)
        except DeliveryError as error:
            if len(batch) == 1:
                return (error,)
        return [outcome for one in batch for outcome in await self._together(writer, (one,))]

    async def _outcome(self, writer: Writer, failure: SqlFailure, message: Outgoing) -> DeliveryError:
        where = self.connection.where
        if failure.kind == "lost" and writer.may_commit:
            return Unknown(f"{where}: the connection broke during a statement: {failure.text}", facts=failure.facts)
        if failure.kind != "unique":
            return delivery_error(failure, where)
        try:
            repeat = await self.connection.run(lambda session: writer.is_repeat(session, message))
        except (SqlFailure, NotConnected) as error:
            return Transient(f"{where}: nobody said whether the row is a repeat: {error}")
        if repeat or any(write.table and write.if_exists == "done" for write in self.settings.writes):
            return Duplicate(f"{where}: {failure.text}", detail=failure.code, facts=failure.facts)
        return delivery_error(failure, where)


def _shown(writing: Writing) -> dict[str, Value]:
    write = writing.write
    rows: list[Value] = [dict(row) for row in writing.rows]
    if write.table is not None:
        ours: dict[str, Value] = {"body": write.body} if write.body is not None else {}
        return {"table": write.table, "mode": write.mode, "rows": rows, **ours}
    if write.procedure is not None:
        return {"procedure": write.procedure, "rows": rows}
    return {"statement": write.statement, "rows": rows}
