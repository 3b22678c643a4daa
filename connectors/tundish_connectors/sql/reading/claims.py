"""Rows that say themselves how far they are: new ones are claimed, and done when the journal has them."""

from __future__ import annotations

from sqlalchemy import Connection, update
from sqlalchemy.sql import Executable

from tundish_connectors.sql.dialects.contract import Dialect, untyped
from tundish_connectors.sql.failures import SqlFailure
from tundish_connectors.sql.reading.handing import Handing
from tundish_connectors.sql.reading.selection import Keys, Row, Selection, outside, portions
from tundish_connectors.sql.settings import SqlSourceSettings, StatusSettings


class Claims(Handing):
    """What a crash left claimed comes first, as a unit of its own."""

    knows_content = False
    """A claim is an update, and a column that holds the time of the last one changes with it."""

    def __init__(
        self, selection: Selection, settings: SqlSourceSettings, status: StatusSettings, dialect: Dialect
    ) -> None:
        super().__init__(selection, settings)
        self._status = status
        self._dialect = dialect
        self._column = selection.column(status.column)
        # It changes with each step, so it is no part of what is handed over.
        selection.hide(status.column)
        self._looks_back = True

    def take(self, session: Connection, held: Keys) -> list[Row]:
        """Claim rows. Raises SqlFailure where another session was faster with some of them.

        What is claimed already, before a crash or by a claim whose answer was lost, comes first: it is looked for at
        the beginning, and whenever nothing is new.
        """
        if self._looks_back:
            rows = self._in_state(session, self._status.taken, held)
            if rows:
                return rows
        rows = self._in_state(session, self._status.new, [])
        self._looks_back = not rows
        for some in portions(self.keys(rows)):
            claimed = session.execute(self._step(some, self._status.new, self._status.taken))
            if claimed.rowcount not in {len(some), -1}:
                raise SqlFailure("busy", "another session took some of the rows at the same time")
        return rows

    def finishing(self, keys: Keys) -> Executable:
        """They are done."""
        return self._step(keys, self._status.taken, self._status.done)

    def _in_state(self, session: Connection, state: str | int, held: Keys) -> list[Row]:
        statement = (
            self.selection.select().where(self._column == untyped(state)).order_by(*self.key).limit(self.settings.batch)
        )
        if held:
            statement = statement.where(outside(self.key, held[0], held[-1]))
        if state == self._status.new:
            statement = self._dialect.claiming(statement, session)
        return self.selection.rows(session, statement)

    def _step(self, keys: Keys, before: str | int, behind: str | int) -> Executable:
        where = self.among(keys) & (self._column == untyped(before))
        return update(self.selection.origin).where(where).values({self._status.column: untyped(behind)})  # type: ignore[arg-type] # a table
