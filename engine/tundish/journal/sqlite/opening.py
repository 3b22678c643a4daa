"""Opening a journal: own it, compare it with its high-water mark and its ledger, count what was in flight."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import apsw

from tundish.errors import JournalError, JournalLost
from tundish.journal.sqlite.care.high_water import FILE, Mark, read_mark, sync_folder, write_mark
from tundish.journal.sqlite.care.ownership import Ownership
from tundish.journal.sqlite.care.room import Room
from tundish.journal.sqlite.faults import as_journal_error
from tundish.journal.sqlite.fetch import all_rows, one_value
from tundish.journal.sqlite.limits import Limits
from tundish.journal.sqlite.names import Names
from tundish.journal.sqlite.reading.ledger import route_totals
from tundish.journal.sqlite.schema import DATABASE, PAGE, connect_writer
from tundish.journal.sqlite.writing.book import Book


@dataclass(frozen=True, slots=True)
class Opened:
    """A journal that this process owns."""

    folder: Path
    book: Book
    room: Room
    ownership: Ownership
    identity: str
    crashed: bool
    """The process before did not close it."""

    def mark(self) -> None:
        """Write the high-water mark. Raises OSError."""
        write_mark(self.folder, Mark(self.identity, self.book.highest, self.book.commits))

    def close(self) -> None:
        """Note the clean end, empty the write-ahead log, give the journal free. Raises apsw.Error or OSError."""
        connection = self.book.connection
        connection.execute("INSERT OR REPLACE INTO meta VALUES('clean', 1)")
        self.mark()
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        connection.close()
        self.ownership.release()

    def abandon(self) -> None:
        """Let go after a fault; nothing more is written, not even the checkpoint that SQLite makes at the end."""
        try:
            self.book.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            self.book.connection.close(True)
        finally:
            self.ownership.release()


@dataclass(frozen=True, slots=True)
class Opening:
    """How a journal is to be opened; `open_journal` describes the fields."""

    folder: Path
    limits: Limits
    accept_loss: bool
    clock: Callable[[], int]
    vfs: str

    def __call__(self) -> Opened:
        """Blocking; the writer's thread calls it. Raises JournalLocked, JournalLost, JournalCorrupt or JournalError."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            ownership = Ownership(self.folder)
            try:
                return self._open(ownership)
            except BaseException:
                ownership.release()
                raise
        except (apsw.Error, OSError, ValueError, TypeError, JournalError) as error:
            raise as_journal_error(error, self.folder) from error

    def _open(self, ownership: Ownership) -> Opened:
        path = self.folder / DATABASE
        mark = self._mark(path)
        if not path.exists():
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            sync_folder(self.folder)
        connection = connect_writer(path, vfs=self.vfs)
        try:
            meta = dict(all_rows(connection, "SELECT name, value FROM meta"))
            identity = str(meta.get("identity", mark.identity))
            connection.execute("BEGIN IMMEDIATE")
            floor, commits = self._progress(connection, identity, mark, meta)
            self._balance(connection)
            connection.execute("UPDATE delivery SET crashes=crashes+1, in_flight=0 WHERE in_flight=1")
            # From here on the journal is in use; a process that dies leaves `clean` at 0.
            stored = (("identity", identity), ("floor", floor), ("commits", commits), ("clean", 0))
            connection.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", stored)
            connection.execute("COMMIT")
            book = Book(
                connection,
                keep_once=int(self.limits.keep_once * 1000),
                floor=floor,
                commits=commits,
                log_pages=max(self.limits.log // PAGE, 1),
                clock=self.clock,
            )
            room = Room(self.folder, connection, self.limits)
            opened = Opened(self.folder, book, room, ownership, identity, not meta.get("clean", 1))
            opened.mark()
        except BaseException:
            connection.close(True)
            raise
        return opened

    def _mark(self, path: Path) -> Mark:
        """The high-water mark; a new one, on disk, where the journal is new."""
        mark = None
        try:
            mark = read_mark(self.folder)
        except JournalLost as error:
            self._refuse_loss(str(error))
        there = path.exists() and path.stat().st_size > 0
        if mark is not None and (there or mark.commits == 0):
            return mark
        if there or mark is not None:
            absent = path if mark is not None else self.folder / FILE
            cure = "restore it, or start with --accept-loss"
            self._refuse_loss(f"{absent}: absent, so nobody can tell whether messages were lost; {cure}")
        fresh = Mark(secrets.token_hex(8), mark.seq if mark else 0, mark.commits if mark else 0)
        write_mark(self.folder, fresh)
        return fresh

    def _progress(
        self, connection: apsw.Connection, identity: str, mark: Mark, meta: dict[str, int | str]
    ) -> tuple[int, int]:
        """The highest number that was ever given out, and how many transactions there ever were."""
        highest = max(int(one_value(connection, "SELECT max(seq) FROM msg") or 0), int(meta.get("floor", 0)))
        commits = int(meta.get("commits", 0))
        cure = "restore the newer files, or start with --accept-loss and let the sources send again what is missing"
        if identity != mark.identity:
            fact = f"journal.db belongs to another journal than {FILE} ({identity} and {mark.identity})"
            self._refuse_loss(f"{self.folder}: {fact}; {cure}")
        elif highest < mark.seq:
            fact = f"messages {highest + 1} to {mark.seq} were acknowledged and are missing"
            self._refuse_loss(f"{self.folder}: {fact}; {cure}")
        elif commits < mark.commits:
            fact = f"the last {mark.commits - commits} transactions are missing, so what was done would be done again"
            self._refuse_loss(f"{self.folder}: {fact}; {cure}")
        return max(highest, mark.seq), max(commits, mark.commits)

    def _balance(self, connection: apsw.Connection) -> None:
        """A damaged file can lose deliveries and still be read; the counters notice."""
        names = Names(connection)
        for totals in route_totals(connection, names):
            missing = totals.unaccounted
            if missing:
                self._refuse_loss(
                    f"{self.folder}: route {totals.route} was given {totals.deliveries} deliveries, and {missing} of "
                    "them have no fate; check the disk, then restore a backup, or start with --accept-loss to write "
                    "them off"
                )
                connection.execute("UPDATE total SET lost=lost+? WHERE route=?", (missing, names.known(totals.route)))

    def _refuse_loss(self, text: str) -> None:
        if not self.accept_loss:
            raise JournalLost(text)
