"""Servers whose machine vanishes, and servers that take their time, at the deadlines that connections have."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import pytest

from tests.conformance.black_hole import needs_black_hole
from tests.conformance.databases import MADE
from tests.conformance.ports import free_port
from tests.conformance.proxy import Proxy
from tests.conformance.stand import Stand
from tests.integration.connectors.sql.conftest import Parts
from tests.integration.connectors.sql.database import ServerDatabase, message
from tundish.errors import Transient
from tundish.sdk import SILENCE

pytestmark = [pytest.mark.anyio, needs_black_hole]

DOUBTFUL = 5.5
"""Seconds after which a session is asked whether it is still there before it is used."""
NOTICED_WITHIN = 15.0
TIMEOUT = "30s"
"""The default."""
LONG = "1" * 50_000


@pytest.fixture
def databases(request: pytest.FixtureRequest) -> list[ServerDatabase]:
    """One of each kind that is installed; they wait together, because waiting is all of it."""
    names = [name for name, dialect in (("postgres", "postgresql"), ("mariadb", "mariadb")) if dialect in MADE]
    if not names:
        pytest.skip("no database server is installed")
    return [request.getfixturevalue(name) for name in names]


async def answer_after(stand: Stand) -> float:
    """Seconds until a question is answered."""
    begun = time.monotonic()
    assert await stand.lookup.find({}) is not None
    return time.monotonic() - begun


async def a_slow_server_is_waited_for(database: ServerDatabase, parts: Parts) -> None:
    """A statement may take longer than a line may be silent."""
    long = SILENCE.longest + 2
    pause = f"pg_sleep({long})" if database.kind == "postgresql" else f"SLEEP({long})"
    stand = parts.lookup(database.settings(timeout=TIMEOUT), query=f"SELECT {pause} AS x")
    await stand.open()
    assert await answer_after(stand) >= long


async def a_locked_table_is_waited_for(database: ServerDatabase, parts: Parts) -> None:
    """PostgreSQL reads nothing of the rest of a long batch meanwhile, and its kernel has no room for it."""
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, content TEXT)")
    stand = parts.destination(database.settings(timeout=TIMEOUT), table="t", batch=100)
    await stand.open()
    lock = database.connect()
    with closing(lock), lock.cursor() as cursor:
        cursor.execute("LOCK TABLE t IN EXCLUSIVE MODE" if database.kind == "postgresql" else "LOCK TABLES t WRITE")
        async with asyncio.TaskGroup() as group:
            for number in range(100):
                group.create_task(stand.destination.deliver(message(number, {"id": number, "content": LONG})))
            await asyncio.sleep(SILENCE.longest + 3)
            cursor.execute("COMMIT" if database.kind == "postgresql" else "UNLOCK TABLES")


@asynccontextmanager
async def used_session(database: ServerDatabase, parts: Parts) -> AsyncIterator[tuple[Proxy, Stand]]:
    """A lookup that has asked once, and its line, which vanishes then."""
    line = Proxy(free_port(), database.server.port)
    await line.start()
    try:
        stand = parts.lookup(database.settings(line.port, timeout=TIMEOUT), query="SELECT 1 AS x")
        await stand.open()
        await answer_after(stand)
        await line.vanish()
        yield line, stand
    finally:
        line.thaw()
        await line.stop()


async def a_session_that_died_costs_its_next_user_nothing(database: ServerDatabase, parts: Parts) -> None:
    """The machine is back when the session is used again, and knows nothing of it."""
    async with used_session(database, parts) as (line, stand):
        await asyncio.sleep(SILENCE.longest + 2)
        line.come_back()
        assert await answer_after(stand) < 2


async def a_session_on_a_dead_line_is_given_up_in_time(database: ServerDatabase, parts: Parts) -> None:
    """The machine is gone, and nobody knows yet when the session is used again."""
    async with used_session(database, parts) as (_, stand):
        await asyncio.sleep(DOUBTFUL)
        begun = time.monotonic()
        with pytest.raises(Transient):
            await stand.lookup.find({})
        assert time.monotonic() - begun < NOTICED_WITHIN


async def test_a_server_that_vanishes_is_noticed_and_a_slow_one_is_waited_for(
    databases: list[ServerDatabase], parts: Parts
) -> None:
    async with asyncio.TaskGroup() as group:
        for database in databases:
            group.create_task(a_slow_server_is_waited_for(database, parts))
            group.create_task(a_locked_table_is_waited_for(database, parts))
            group.create_task(a_session_that_died_costs_its_next_user_nothing(database, parts))
            group.create_task(a_session_on_a_dead_line_is_given_up_in_time(database, parts))
