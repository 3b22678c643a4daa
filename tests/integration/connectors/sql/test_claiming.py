"""Rows that are claimed by their status, and rows of an outbox: each comes once, also over a crash."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

import pytest

from tests.conformance.stand import RecordingIntake, until
from tests.integration.connectors.sql.conftest import Parts
from tests.integration.connectors.sql.database import Database, ServerDatabase, records, run

pytestmark = pytest.mark.anyio

CLAIMED: dict[str, Any] = {"table": "orders", "key": "id", "status": {"column": "state"}}
OUTBOX: dict[str, Any] = {"table": "orders", "key": "id", "outbox": {"after": "delete", "wait_for_gaps": "0s"}}


def ids(intake: RecordingIntake) -> list[object]:
    """The rows that were handed over."""
    return [record["id"] for record in records(intake.accepted)]


def states(database: Database) -> list[object]:
    """The column of all rows."""
    return [row[0] for row in database.execute("SELECT state FROM orders ORDER BY id")]


@pytest.fixture
def orders(database: Database) -> Database:
    """Five orders."""
    database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, item VARCHAR(20), state VARCHAR(10) NOT NULL)")
    database.execute("INSERT INTO orders VALUES " + ", ".join(f"({n}, 'FG-{n}', 'NEW')" for n in range(5)))
    return database


async def test_rows_are_taken_then_done(orders: Database, parts: Parts) -> None:
    source, intake = parts.source(orders.settings(), **CLAIMED, batch=2), RecordingIntake()
    intake.gate.clear()
    await source.open()
    source.run(intake)
    await intake.wait_for(1, offered=True)
    # Those that wait for the journal and those that come next are claimed, and no more.
    await until(lambda: states(orders) == ["TAKEN"] * 4 + ["NEW"])
    await asyncio.sleep(0.1)
    assert states(orders) == ["TAKEN"] * 4 + ["NEW"]
    assert len(intake.offered) == 1
    intake.gate.set()
    await until(lambda: states(orders) == ["DONE"] * 5)
    assert records(intake.accepted)[0] == {"id": 0, "item": "FG-0"}
    assert ids(intake) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("way", [CLAIMED, OUTBOX], ids=["status", "outbox"])
async def test_a_crash_before_the_row_is_finished_loses_nothing_and_repeats_nothing(
    orders: Database, parts: Parts, way: dict[str, Any], durable: bool
) -> None:
    source, intake = parts.source(orders.settings(), **way, batch=2), RecordingIntake()
    intake.gate.clear()
    await source.open()
    source.run(intake)
    (unit,) = await intake.wait_for(1, offered=True)
    # The daemon dies before, or right after, the journal had the unit.
    await source.close()
    again = RecordingIntake(position=unit.cursor if durable else None)
    await source.open()
    source.run(again)
    expected = [2, 3, 4] if durable else [0, 1, 2, 3, 4]
    await until(lambda: ids(again) == expected, lambda: str(ids(again)))
    if way is CLAIMED:
        await until(lambda: states(orders) == ["DONE"] * 5)
    else:
        await until(lambda: states(orders) == [])


async def test_a_status_may_be_a_number(orders: Database, parts: Parts) -> None:
    orders.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY, state INTEGER NOT NULL)")
    orders.execute("INSERT INTO jobs VALUES (1, 0), (2, 9)")
    status = {"column": "state", "new": 0, "taken": 1, "done": 2}
    source, intake = parts.source(orders.settings(), table="jobs", key="id", status=status), RecordingIntake()
    await source.open()
    source.run(intake)
    await until(lambda: [row[0] for row in orders.execute("SELECT state FROM jobs ORDER BY id")] == [2, 9])


async def test_a_key_may_have_several_columns(orders: Database, parts: Parts) -> None:
    orders.execute(
        "CREATE TABLE ops (plant VARCHAR(4), op INTEGER, state VARCHAR(9) NOT NULL, PRIMARY KEY (plant, op))"
    )
    orders.execute("INSERT INTO ops VALUES ('b', 1, 'NEW'), ('a', 2, 'NEW'), ('a', 1, 'NEW')")
    source = parts.source(orders.settings(), table="ops", key=["plant", "op"], status={"column": "state"})
    intake = RecordingIntake()
    await source.open()
    source.run(intake)
    await until(lambda: orders.execute("SELECT COUNT(*) FROM ops WHERE state = 'DONE'") == [(3,)])
    assert records(intake.accepted) == [{"plant": "a", "op": 1}, {"plant": "a", "op": 2}, {"plant": "b", "op": 1}]


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
async def test_rows_that_others_have_locked_are_skipped_until_they_are_free(
    request: pytest.FixtureRequest, parts: Parts, kind: str
) -> None:
    database: ServerDatabase = request.getfixturevalue(kind)
    database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, state VARCHAR(10) NOT NULL)")
    database.execute("INSERT INTO orders VALUES (1, 'NEW'), (2, 'NEW')")
    source, intake = parts.source(database.settings(), **CLAIMED), RecordingIntake()
    with closing(database.connect()) as other:
        run(other, "SELECT * FROM orders WHERE id = 1 FOR UPDATE")
        await source.open()
        source.run(intake)
        await until(lambda: ids(intake) == [2])
        other.rollback()
    await until(lambda: ids(intake) == [2, 1])


async def test_two_daemons_share_a_table(postgres: ServerDatabase, parts: Parts) -> None:
    postgres.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, state VARCHAR(10) NOT NULL)")
    postgres.execute("INSERT INTO orders SELECT n, 'NEW' FROM generate_series(1, 300) n")
    intakes = [RecordingIntake(), RecordingIntake()]
    for number, intake in enumerate(intakes):
        status = {"column": "state", "taken": f"TAKEN-{number}"}
        source = parts.source(postgres.settings(), f"in-{number}", table="orders", key="id", status=status, batch=5)
        await source.open()
        source.run(intake)
    await until(lambda: postgres.execute("SELECT COUNT(*) FROM orders WHERE state = 'DONE'") == [(300,)])
    assert sorted(map(str, ids(intakes[0]) + ids(intakes[1]))) == sorted(map(str, range(1, 301)))


async def test_an_outbox_is_marked(orders: Database, parts: Parts) -> None:
    orders.execute(f"ALTER TABLE orders ADD sent_at {orders.moments}")
    outbox = {"after": "mark", "column": "sent_at"}
    source, intake = parts.source(orders.settings(), table="orders", key="id", outbox=outbox), RecordingIntake()
    await source.open()
    source.run(intake)
    await until(lambda: orders.execute("SELECT COUNT(*) FROM orders WHERE sent_at IS NULL") == [(0,)])
    assert records(intake.accepted)[0] == {"id": 0, "item": "FG-0", "state": "NEW"}
    await asyncio.sleep(0.1)
    assert ids(intake) == [0, 1, 2, 3, 4]


async def test_rows_behind_a_gap_wait_for_the_transaction_that_fills_it(postgres: ServerDatabase, parts: Parts) -> None:
    postgres.execute("CREATE TABLE orders (id serial PRIMARY KEY, item text)")
    source = parts.source(
        postgres.settings(), table="orders", key="id", outbox={"after": "delete", "wait_for_gaps": "2s"}
    )
    intake = RecordingIntake()
    await source.open()
    source.run(intake)
    postgres.execute("INSERT INTO orders (item) VALUES ('first')")
    await until(lambda: ids(intake) == [1])
    with closing(postgres.connect()) as slow, closing(postgres.connect()) as undone:
        run(slow, "INSERT INTO orders (item) VALUES ('slow')")
        run(undone, "INSERT INTO orders (item) VALUES ('undone')")
        postgres.execute("INSERT INTO orders (item) VALUES ('fast')")
        await asyncio.sleep(0.3)
        assert ids(intake) == [1]
        slow.commit()
        undone.rollback()
        await until(lambda: ids(intake) == [1, 2, 4], lambda: str(ids(intake)))
