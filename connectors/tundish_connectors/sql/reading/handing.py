"""Rows that are handed over and then marked or deleted: what the ways by status and by outbox have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql import Executable

from tundish.model import Record
from tundish_connectors.sql.reading.positions import content_of, cursor_of, pack, unpack
from tundish_connectors.sql.reading.selection import AT_ONCE, Row, Selection, among
from tundish_connectors.sql.settings import SqlSourceSettings

Keys = list[list[Any]]


class Handing(ABC):
    """Takes rows, and finishes them when they are in the journal. Used by one thread at a time.

    The cursor holds the keys of the last rows that the journal has, so that after a crash they are finished and not
    handed over again.
    """

    def __init__(self, selection: Selection, settings: SqlSourceSettings) -> None:
        self.selection = selection
        self.settings = settings
        self.key = [selection.column(name) for name in settings.key]
        self._owner = "/".join([settings.table or "", *settings.key])

    @abstractmethod
    def take(self, session: Connection) -> list[Row]:
        """The next rows, in order; empty where there are none for now."""

    @abstractmethod
    def finishing(self, keys: Keys) -> Executable:
        """The statement that marks or deletes rows which are in the journal."""

    def finish(self, session: Connection, keys: Keys) -> None:
        """Mark or delete these rows; those that are finished already stay as they are."""
        for at in range(0, len(keys), AT_ONCE):
            session.execute(self.finishing(keys[at : at + AT_ONCE]))

    def keys(self, rows: Sequence[Row]) -> Keys:
        """The keys of rows."""
        return [self.selection.position(row, len(self.key)) for row in rows]

    def records(self, rows: Sequence[Row]) -> list[Record]:
        """What is handed over of them."""
        return self.selection.records(rows)

    def cursor(self, rows: Sequence[Row]) -> bytes:
        """What has to be durable together with these rows."""
        return cursor_of({"of": self._owner, "keys": [pack(key) for key in self.keys(rows)]})

    def accepted(self, cursor: bytes | None) -> Keys:
        """The keys of the rows that were durable last, of which nobody knows whether they were finished."""
        content = content_of(cursor, self._owner)
        return [] if content is None else [unpack(key) for key in content["keys"]]

    def among(self, keys: Keys) -> Any:
        """The condition for rows with one of these keys."""
        return among(self.key, keys)
