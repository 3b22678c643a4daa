"""One server of each kind for all tests, with a database that is empty at the beginning of each."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.database_server import DatabaseServer
from tests.conformance.databases import MADE, MISSING
from tests.conformance.stand import Stand, Workbench, workbench
from tests.integration.connectors.sql.database import Database, ServerDatabase, SqliteDatabase
from tundish.sdk import connector

SPEC = connector("sql")


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, DatabaseServer]]:
    """Servers that are running, made when they are first asked for."""
    running: dict[str, DatabaseServer] = {}
    yield running
    for server in running.values():
        server.remove()


def _server(servers: dict[str, DatabaseServer], dialect: str) -> DatabaseServer:
    if dialect not in MADE:
        pytest.skip(MISSING[dialect])
    if dialect not in servers:
        servers[dialect] = MADE[dialect]()
        servers[dialect].start_now()
    return servers[dialect]


@pytest.fixture(params=["postgresql", "mariadb", "sqlite"])
def database(request: pytest.FixtureRequest, servers: dict[str, DatabaseServer], tmp_path: Path) -> Database:
    """An empty database of each kind."""
    return _database(request.param, servers, tmp_path)


@pytest.fixture
def postgres(servers: dict[str, DatabaseServer], tmp_path: Path) -> ServerDatabase:
    """An empty database of PostgreSQL."""
    found = _database("postgresql", servers, tmp_path)
    assert isinstance(found, ServerDatabase)
    return found


@pytest.fixture
def mariadb(servers: dict[str, DatabaseServer], tmp_path: Path) -> ServerDatabase:
    """An empty database of MariaDB."""
    found = _database("mariadb", servers, tmp_path)
    assert isinstance(found, ServerDatabase)
    return found


def _database(kind: str, servers: dict[str, DatabaseServer], folder: Path) -> Database:
    if kind == "sqlite":
        file = folder / "plant.db"
        with closing(sqlite3.connect(file)) as session:
            session.execute("PRAGMA journal_mode = WAL")
        return SqliteDatabase(file)
    found = ServerDatabase(_server(servers, kind))
    found.clear()
    return found


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Workbench]:
    """A place for components."""
    async with workbench(tmp_path / "data") as made:
        yield made


class Parts:
    """Makes components on one workbench."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def source(self, connection: dict[str, object], route: str = "in", **settings: Any) -> Stand:
        """A source that polls impatiently."""
        return self._bench.stand(SPEC, SPEC.source, connection, {"poll": "20ms", **settings}, route)

    def destination(self, connection: dict[str, object], route: str = "out", **settings: Any) -> Stand:
        """A destination."""
        return self._bench.stand(SPEC, SPEC.destination, connection, settings, route)

    def lookup(self, connection: dict[str, object], **settings: Any) -> Stand:
        """A lookup."""
        return self._bench.stand(SPEC, SPEC.lookup, connection, settings, "ask")


@pytest.fixture
def parts(bench: Workbench) -> Parts:
    """Makes components."""
    return Parts(bench)
