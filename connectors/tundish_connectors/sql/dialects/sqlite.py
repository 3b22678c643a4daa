"""SQLite, through Python's own module."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Table
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql import Executable

from tundish_connectors.sql.dialects.contract import Dialect, FailureKind, Reading
from tundish_connectors.sql.settings import SqlConnectionSettings

_KINDS: dict[int, FailureKind] = {
    sqlite3.SQLITE_ERROR: "absent",
    sqlite3.SQLITE_PERM: "denied",
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_READONLY: "denied",
    sqlite3.SQLITE_INTERRUPT: "busy",
    sqlite3.SQLITE_IOERR: "lost",
    sqlite3.SQLITE_CORRUPT: "lost",
    sqlite3.SQLITE_FULL: "busy",
    sqlite3.SQLITE_CANTOPEN: "lost",
    sqlite3.SQLITE_SCHEMA: "busy",
    sqlite3.SQLITE_TOOBIG: "data",
    sqlite3.SQLITE_CONSTRAINT: "constraint",
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: "unique",
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: "unique",
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: "business",
    sqlite3.SQLITE_MISMATCH: "data",
    sqlite3.SQLITE_NOTADB: "lost",
}


class Sqlite(Dialect):
    """A file of SQLite 3.35 or later."""

    name = "SQLite"
    driver = "sqlite3"
    extra = "sql"
    explain = "EXPLAIN "

    def address(self, settings: SqlConnectionSettings) -> tuple[URL, dict[str, Any]]:
        """A file that is not there is not made: that would hide a wrong path, or a mount that is gone."""
        path = (settings.file or Path()).absolute().as_posix()
        url = URL.create("sqlite+pysqlite", database=f"file:{path}", query={"uri": "true", "mode": "rw"})
        return url, {"timeout": settings.timeout, "check_same_thread": False}

    def prepare(self, session: sqlite3.Connection, settings: SqlConnectionSettings) -> None:
        """Foreign keys hold only where a session asks for it."""
        session.execute("PRAGMA foreign_keys = ON").close()

    def break_off(self, session: sqlite3.Connection) -> None:
        """What it does ends with SQLITE_INTERRUPT."""
        session.interrupt()

    def reading(self, error: BaseException) -> Reading:
        """By result code."""
        if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
            return Reading("data")
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            return Reading("data" if isinstance(error, OverflowError) else "other")
        return Reading(_KINDS.get(code, _KINDS.get(code & 0xFF, "other")), str(getattr(error, "sqlite_errorname", "")))

    def upsert(self, table: Table, key: Sequence[str]) -> Executable:
        """ON CONFLICT."""
        statement = insert(table)
        rest = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in key}
        if not rest:
            return statement.on_conflict_do_nothing(index_elements=list(key))
        return statement.on_conflict_do_update(index_elements=list(key), set_=rest)
