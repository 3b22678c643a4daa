"""Keeping the write-ahead log short. SQLite's own automatic checkpoint keeps its errors to itself, so it is off."""

from __future__ import annotations

import contextlib

import apsw

WAITING = 4
"""At so many times the wanted length, the writer waits until no reader needs the log."""


class LogLength:
    """Knows how long the log is and checkpoints it."""

    def __init__(self, connection: apsw.Connection, wanted: int) -> None:
        """`wanted` is in pages."""
        self._connection = connection
        self._wanted = wanted
        self._pages = 0
        self._due = wanted
        connection.set_wal_hook(self._note)

    def _note(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        if pages < self._pages:
            self._due = self._wanted  # the log was begun again
        self._pages = pages
        return apsw.SQLITE_OK

    def checkpoint(self) -> None:
        """Put the log back into the database where it is long enough. Raises apsw.Error.

        While a reader uses the log, it cannot be begun again and grows. Readers are short, so waiting for them (as long
        as the busy timeout) is the exception.
        """
        if self._pages < self._due:
            return
        self._due = self._pages + self._wanted
        waiting = self._pages >= WAITING * self._wanted
        mode = apsw.SQLITE_CHECKPOINT_RESTART if waiting else apsw.SQLITE_CHECKPOINT_PASSIVE
        with contextlib.suppress(apsw.BusyError):
            self._connection.wal_checkpoint(mode=mode)
