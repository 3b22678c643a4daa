"""A database as the other system sees it: past the connector, through the driver alone."""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.conformance.database_server import NAME, DatabaseServer
from tests.conformance.stand import outgoing
from tundish.model import Outgoing, Record, Unit


class Database(ABC):
    """Empty at the beginning of each test."""

    kind: str
    moments: str
    """The type of a moment with a zone."""
    blob: str

    @abstractmethod
    def settings(self, port: int | None = None, **more: object) -> dict[str, object]:
        """Settings of a connection."""

    @abstractmethod
    def connect(self) -> Any:
        """A session."""

    def execute(self, *statements: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run statements in one transaction; gives the rows of the last one."""
        with closing(self.connect()) as session:
            rows = run(session, *statements, parameters=parameters)
            session.commit()
            return rows


def run(session: Any, *statements: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Run statements in a session without a commit."""
    with closing(session.cursor()) as cursor:
        for statement in statements:
            cursor.execute(statement, tuple(parameters)) if parameters else cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


class ServerDatabase(Database):
    """On a server."""

    def __init__(self, server: DatabaseServer) -> None:
        self.server = server
        self.kind = server.dialect
        self.moments = {"postgresql": "timestamptz", "mariadb": "TIMESTAMP(6) NULL"}[self.kind]
        self.blob = {"postgresql": "bytea", "mariadb": "LONGBLOB"}[self.kind]

    def settings(self, port: int | None = None, **more: object) -> dict[str, object]:
        """The server's address."""
        return self.server.settings(port, **more)

    def connect(self) -> Any:
        """Through the driver."""
        return self.server.connect()

    def clear(self) -> None:
        """Drop everything."""
        self.server.start_now()
        if self.kind == "postgresql":
            self.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        else:
            self.server.administer(f"DROP DATABASE {NAME}", f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4")


class SqliteDatabase(Database):
    """In a file."""

    kind = "sqlite"
    moments = "TIMESTAMP"
    blob = "BLOB"

    def __init__(self, file: Path) -> None:
        self.file = file

    def settings(self, port: int | None = None, **more: object) -> dict[str, object]:
        """The file."""
        return {"dialect": "sqlite", "file": str(self.file), "timeout": "3s", **more}

    def connect(self) -> Any:
        """Through Python's module."""
        return sqlite3.connect(self.file)


def message(number: int, record: Record) -> Outgoing:
    """A message with these fields."""
    return replace(outgoing(number, b"", **record), record=record)


def records(units: Sequence[Unit]) -> list[Record]:
    """The rows of all units."""
    found: list[Record] = []
    for unit in units:
        assert isinstance(unit.body, bytes)
        found += [json.loads(line, parse_float=Decimal) for line in unit.body.splitlines()]
    return found
