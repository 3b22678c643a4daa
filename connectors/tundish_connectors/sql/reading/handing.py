"""Rows that are handed over and then marked or deleted: what the ways by status and by outbox have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql import Executable

from tundish_connectors.sql.json_text import lines
from tundish_connectors.sql.reading.positions import content_of, cursor_of, pack_all, unpack
from tundish_connectors.sql.reading.selection import AT_ONCE, Row, Selection
from tundish_connectors.sql.settings import SqlSourceSettings

Keys = list[list[Any]]


@dataclass(frozen=True, slots=True)
class Taken:
    """Rows that were read together; none where there are none for now."""

    keys: Keys
    body: bytes
    """What is handed over of them, a line each."""
    cursor: bytes
    """What has to be durable together with them."""


class Handing(ABC):
    """Takes rows, and finishes them when they are in the journal. Used by one thread at a time.

    While the journal writes some rows, the ones before them are finished and the next ones are taken. So their cursor
    holds the keys of both: after a crash those are finished and not handed over again.
    """

    def __init__(self, selection: Selection, settings: SqlSourceSettings) -> None:
        self.selection = selection
        self.settings = settings
        self.key = [selection.column(name) for name in settings.key]
        self._owner = "/".join([settings.table or "", *settings.key])

    @abstractmethod
    def take(self, session: Connection, held: Keys) -> list[Row]:
        """The next rows, in order, without those that are `held` and not finished; empty where there are none now."""

    @abstractmethod
    def finishing(self, keys: Keys) -> Executable:
        """The statement that marks or deletes rows which are in the journal."""

    def step(self, session: Connection, written: Keys, held: Keys) -> Taken:
        """Finish rows that are in the journal, and take the next ones, in one transaction.

        Raises SqlFailure, and Misconfigured for times without a zone.
        """
        self.finish(session, written)
        rows = self.take(session, held)
        keys = self.keys(rows)
        return Taken(keys, lines(self.selection.records(rows)), self.cursor([*held, *keys]))

    def finish(self, session: Connection, keys: Keys) -> None:
        """Mark or delete these rows; those that are finished already stay as they are."""
        for at in range(0, len(keys), AT_ONCE):
            session.execute(self.finishing(keys[at : at + AT_ONCE]))

    def keys(self, rows: Sequence[Row]) -> Keys:
        """The keys of rows."""
        return [self.selection.position(row, len(self.key)) for row in rows]

    def cursor(self, keys: Keys) -> bytes:
        """What has to be durable together with rows, so that these are finished after a crash."""
        return cursor_of({"of": self._owner, "keys": pack_all(keys)})

    def accepted(self, cursor: bytes | None) -> Keys:
        """The keys of the rows that were durable last, of which nobody knows whether they were finished."""
        content = content_of(cursor, self._owner)
        return [] if content is None else [unpack(key) for key in content["keys"]]

    def among(self, keys: Keys) -> Any:
        """The condition for rows with one of these keys."""
        return self.selection.among(self.key, keys)
