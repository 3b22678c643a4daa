"""An outbox table: rows in the order of their numbers, deleted or marked when the journal has them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, update
from sqlalchemy.sql import Executable

from tundish_connectors.sql.reading.handing import Accepted, Handing
from tundish_connectors.sql.reading.selection import Keys, Row, Selection, outside
from tundish_connectors.sql.settings import OutboxSettings, SqlSourceSettings


class Gaps:
    """Numbers that are absent from a sequence: rolled back, or not committed yet. Pure.

    Nothing is lost without it, because a row stays until it was taken; it is the order that it saves.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._last: int | None = None
        self._since: dict[int, float] = {}

    def ready(self, numbers: Sequence[int], now: float) -> int:
        """How many of the numbers, from the first, may be taken now. They are in ascending order."""
        before = self._last
        gaps: dict[int, float] = {}
        count = len(numbers)
        for index, number in enumerate(numbers):
            if before is not None and number > before + 1:
                # A gap is known by the number behind it; it gets its time when it is seen first.
                gaps[number] = self._since.get(number, now)
                if now - gaps[number] < self._patience:
                    count = min(count, index)
            before = number
        self._since = gaps
        return count

    def taken(self, number: int) -> None:
        """Everything up to this number was taken."""
        self._last = number if self._last is None else max(self._last, number)


class Outbox(Handing):
    """The first rows of the table that were not marked."""

    def __init__(self, selection: Selection, settings: SqlSourceSettings, outbox: OutboxSettings) -> None:
        super().__init__(selection, settings)
        self._outbox = outbox
        self._gaps = Gaps(outbox.wait_for_gaps)
        if outbox.column is not None:
            selection.hide(outbox.column)

    def take(self, session: Connection, held: Keys) -> list[Row]:
        """Rows, up to a gap that may still be filled.

        Rows between those that are held came late, after a gap was waited for; they are taken when those are finished.
        """
        statement = self.selection.select().order_by(*self.key).limit(self.settings.batch)
        if held:
            statement = statement.where(outside(self.key, held[0], held[-1]))
        if self._outbox.column is not None:
            statement = statement.where(self.selection.column(self._outbox.column).is_(None))
        rows = self.selection.rows(session, statement)
        numbers = [row[0] for row in rows]
        if len(self.key) == 1 and all(type(number) is int for number in numbers):
            rows = rows[: self._gaps.ready(numbers, time.monotonic())]
            if rows:
                self._gaps.taken(rows[-1][0])
        return rows

    def resume(self, session: Connection, accepted: Accepted) -> None:
        """Finish them, and remember the last number: a crash forgot it."""
        super().resume(session, accepted)
        if type(accepted.keys[-1][0]) is int:
            self._gaps.taken(accepted.keys[-1][0])

    def finishing(self, keys: Keys) -> Executable:
        """The statement."""
        if self._outbox.column is None:
            return delete(self.selection.origin).where(self.among(keys))  # type: ignore[arg-type] # a table
        unmarked = self.selection.column(self._outbox.column).is_(None)
        marked = {self._outbox.column: func.current_timestamp()}
        return update(self.selection.origin).where(self.among(keys) & unmarked).values(marked)  # type: ignore[arg-type] # a table
