"""A database as a peer: whoever inserts rows, and whoever reads them. Two tables, of bytes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.conformance.database_server import DatabaseServer
from tests.conformance.databases import MADE, MISSING, borrowed, give_back
from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tests.conformance.ports import free_port
from tests.conformance.proxy import Proxy
from tundish.model import Unit

_BYTES = {"postgresql": "BYTEA", "mariadb": "LONGBLOB"}
_SERIAL = {"postgresql": "SERIAL", "mariadb": "INT AUTO_INCREMENT"}

_LOOK = 0.01
"""Seconds between looks at the table, so that many rows can be asked for."""


class Inserted(Produced):
    """A row of the outbox."""

    def __init__(self, harness: Harness, number: int) -> None:
        self._harness = harness
        self._number = number

    @property
    def is_acknowledged(self) -> bool:
        """It was deleted."""
        return self._harness.is_deleted(self._number)


class Harness(PeerHarness):
    """PostgreSQL where it is installed, otherwise MariaDB."""

    asks: ClassVar[bool] = True
    meta: ClassVar[frozenset[str]] = frozenset({"table", "rows"})
    dialect: ClassVar[str] = next(iter(MADE), "postgresql")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if self.dialect not in MADE:
            pytest.skip(MISSING[self.dialect])
        self.server: DatabaseServer = borrowed(self.dialect)
        self._line = Proxy(free_port(), self.server.port)
        self._session: Any = None
        self._is_made = False
        self._waiting: set[int] = set()
        self._looked = 0.0

    async def start(self) -> None:
        """The server, with its tables."""
        await self.server.start()
        await self._line.start()
        if not self._is_made:
            kind = _BYTES[self.server.dialect]
            self.server.execute(
                "DROP TABLE IF EXISTS outbox, inbox",
                f"CREATE TABLE outbox (id {_SERIAL[self.server.dialect]} PRIMARY KEY, body TEXT NOT NULL)",
                f"CREATE TABLE inbox (id {_SERIAL[self.server.dialect]} PRIMARY KEY, body {kind} NOT NULL, "
                "idempotency_key VARCHAR(255) NOT NULL UNIQUE)",
            )
            self._is_made = True
        self._session = self.server.connect(autocommit=True)

    async def stop(self) -> None:
        """It is gone."""
        if self._session is not None:
            self._session.close()
            self._session = None
        await self._line.stop()
        if not self.is_over:
            await self.server.stop()

    async def finish(self) -> None:
        """Somebody else may have it."""
        give_back(self.server)

    def connection(self, role: Role) -> Mapping[str, object]:
        """The server."""
        return self.server.settings(self._line.port)

    def line(self, role: Role) -> Proxy:
        """The one way to the server."""
        return self._line

    def patience(self, seconds: int) -> Mapping[str, object]:
        """It waits so long for an answer."""
        return {"timeout": f"{seconds}s", "connect_timeout": f"{seconds}s"}

    def settings(self, role: Role) -> Mapping[str, object]:
        """An outbox, of which each row is one unit, and a table whose rows know their key."""
        if role == "source":
            outbox = {"after": "delete", "wait_for_gaps": "0s"}
            return {"table": "outbox", "key": "id", "outbox": outbox, "poll": "20ms", "batch": 1}
        if role == "lookup":
            return {"query": "SELECT COUNT(*) AS found FROM inbox"}
        return {"table": "inbox", "body": "body", "idempotency_column": "idempotency_key"}

    async def produce(self, body: bytes) -> Produced:
        """Insert a row."""
        with self._session.cursor() as cursor:
            cursor.execute("INSERT INTO outbox (body) VALUES (%s) RETURNING id", (body.decode(),))
            number: int = cursor.fetchone()[0]
        self._waiting.add(number)
        return Inserted(self, number)

    def body_of(self, unit: Unit) -> bytes:
        """The text of the row's column."""
        assert isinstance(unit.body, bytes)
        body: str = json.loads(unit.body)["body"]
        return body.encode()

    def is_deleted(self, number: int) -> bool:
        """Whether a row is gone; while the server is away, what was known before."""
        if self._session is not None and time.monotonic() - self._looked > _LOOK:
            with self._session.cursor() as cursor:
                cursor.execute("SELECT id FROM outbox")
                self._waiting = {row[0] for row in cursor.fetchall()}
            self._looked = time.monotonic()
        return number not in self._waiting

    async def collected(self) -> list[bytes]:
        """What was written, in order."""
        with self._session.cursor() as cursor:
            cursor.execute("SELECT body FROM inbox ORDER BY id")
            return [bytes(row[0]) for row in cursor.fetchall()]


class MariaDbHarness(Harness):
    """MariaDB, whatever else is installed."""

    dialect: ClassVar[str] = "mariadb"


SYSTEMS = {"mariadb": MariaDbHarness}
"""Other systems that the connector speaks to."""
