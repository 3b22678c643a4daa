"""What one would write without Tundish to lose nothing: records are rows of SQLite, and the disk is synced for many.

It is the least that a source with a journal can cost: no keys, no lanes, no deliveries, no checksums, no ledger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOGETHER = 500
"""Records in a transaction."""


class Kept:
    """Records on disk."""

    def __init__(self, file: Path) -> None:
        self._file = sqlite3.connect(file, isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE record(id INTEGER PRIMARY KEY, text BLOB)",
        ):
            self._file.execute(statement)
        self._waiting: list[tuple[bytes]] = []

    def keep(self, record: bytes) -> None:
        """Take a record; it is on disk when as many have come as go into a transaction, or with `sync`."""
        self._waiting.append((record,))
        if len(self._waiting) >= TOGETHER:
            self.sync()

    def sync(self) -> None:
        """Everything is on disk behind this."""
        self._file.execute("BEGIN IMMEDIATE")
        self._file.executemany("INSERT INTO record(text) VALUES(?)", self._waiting)
        self._file.execute("COMMIT")
        self._waiting.clear()

    def close(self) -> None:
        """What is not synced is gone."""
        self._file.close()


@contextmanager
def kept(folder: Path) -> Iterator[Kept]:
    """A new file in the folder."""
    found = Kept(folder / "kept.db")
    try:
        yield found
    finally:
        found.close()
