"""Rows that are handed over and then marked or deleted: what the ways by status and by outbox have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql import Executable

from tundish_connectors.sql.json_text import lines
from tundish_connectors.sql.reading.positions import content_of, cursor_of, digests_of, fingerprint, pack_all, unpack
from tundish_connectors.sql.reading.selection import Keys, Row, Selection, portions
from tundish_connectors.sql.settings import SqlSourceSettings


@dataclass(frozen=True, slots=True)
class Taken:
    """Rows that were read together; none where there are none for now."""

    keys: Keys
    digests: list[int]
    """Of each row, where its content is known again."""
    body: bytes
    """What is handed over of them, a line each."""
    cursor: bytes
    """What has to be durable together with them."""


NOTHING = Taken([], [], b"", b"")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The rows that were durable last, of which nobody knows whether they were finished."""

    keys: Keys
    digests: list[int]
    """Empty where rows are known by their keys alone."""


class Handing(ABC):
    """Takes rows, and finishes them when they are in the journal. Used by one thread at a time.

    While the journal writes some rows, the ones before them are finished and the next ones are taken. So their cursor
    holds the keys of both: after a crash those are finished and not handed over again.
    """

    knows_content = True
    """A row that is handed over stays as it is until it is finished. So a digest of it tells, after a crash, a row that
    has its key because it took its place."""

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

    def step(self, session: Connection, written: Keys, held: Taken) -> Taken:
        """Finish rows that are in the journal, and take the next ones, in one transaction.

        Raises SqlFailure, and Misconfigured for times without a zone.
        """
        self.finish(session, written)
        rows = self.take(session, held.keys)
        keys, body = self.keys(rows), self._body(rows)
        digests = digests_of(body) if self.knows_content else []
        return Taken(keys, digests, body, self._cursor([*held.keys, *keys], [*held.digests, *digests]))

    @property
    def all_finished(self) -> bytes:
        """The cursor that names no row."""
        return self._cursor([], [])

    def finish(self, session: Connection, keys: Keys) -> None:
        """Mark or delete these rows; those that are finished already stay as they are."""
        for some in portions(keys):
            session.execute(self.finishing(some))

    def keys(self, rows: Sequence[Row]) -> Keys:
        """The keys of rows."""
        return [self.selection.position(row, len(self.key)) for row in rows]

    def accepted(self, cursor: bytes | None) -> Accepted | None:
        """What a cursor says; None where it says nothing."""
        content = content_of(cursor, self._owner)
        if content is None or not content["keys"]:
            return None
        return Accepted([unpack(key) for key in content["keys"]], content.get("digests") or [])

    def resume(self, session: Connection, accepted: Accepted) -> None:
        """Finish the rows that were durable last. One that has such a key and is another row is left to be taken."""
        self.finish(session, self._same(session, accepted) if accepted.digests else accepted.keys)

    def among(self, keys: Keys) -> Any:
        """The condition for rows with one of these keys."""
        return self.selection.among(self.key, keys)

    def _same(self, session: Connection, accepted: Accepted) -> Keys:
        """The keys of rows that are what they were."""
        known = {(fingerprint(key), digest) for key, digest in zip(accepted.keys, accepted.digests, strict=True)}
        same: Keys = []
        for some in portions(accepted.keys):
            rows = self.selection.rows(session, self.selection.select().where(self.among(some)))
            found = zip(self.keys(rows), digests_of(self._body(rows)), strict=True)
            same += [key for key, digest in found if (fingerprint(key), digest) in known]
        return same

    def _cursor(self, keys: Keys, digests: list[int]) -> bytes:
        return cursor_of({"of": self._owner, "keys": pack_all(keys), "digests": digests})

    def _body(self, rows: Sequence[Row]) -> bytes:
        return lines(self.selection.records(rows))
