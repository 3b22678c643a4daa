"""Keys that are used again: what the cursor remembers of finished rows never costs a new row that has such a key."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.conformance.stand import RecordingIntake, Stand, until
from tests.integration.connectors.sql.conftest import Parts
from tests.integration.connectors.sql.database import Database, ServerDatabase, records

pytestmark = pytest.mark.anyio

CLAIMED: dict[str, Any] = {"table": "orders", "key": "id", "status": {"column": "state"}}
DELETED: dict[str, Any] = {"table": "orders", "key": "id", "outbox": {"after": "delete", "wait_for_gaps": "0s"}}
MARKED: dict[str, Any] = {
    "table": "orders",
    "key": "id",
    "outbox": {"after": "mark", "column": "sent_at", "wait_for_gaps": "0s"},
}
OUTBOXES = pytest.mark.parametrize("way", [DELETED, MARKED], ids=["delete", "mark"])
WAYS = pytest.mark.parametrize("way", [CLAIMED, DELETED, MARKED], ids=["status", "delete", "mark"])


def items(intake: RecordingIntake) -> list[object]:
    """The rows that were handed over."""
    return [record["item"] for record in records(intake.accepted)]


def insert(database: Database, what: str, count: int, state: str = "NEW") -> None:
    """Orders from number 1 on, in one transaction."""
    rows = ", ".join(f"({number}, '{what}-{number}', '{state}')" for number in range(1, count + 1))
    database.execute(f"INSERT INTO orders (id, item, state) VALUES {rows}")


def open_rows(database: Database) -> int:
    """How many are neither done nor marked."""
    ((count,),) = database.execute("SELECT COUNT(*) FROM orders WHERE state <> 'DONE' AND sent_at IS NULL")
    return int(count)


@pytest.fixture
def orders(database: Database) -> Database:
    """A table without rows."""
    database.execute(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, item VARCHAR(20), state VARCHAR(10) NOT NULL, "
        f"sent_at {database.moments})"
    )
    return database


def names_nothing(intake: RecordingIntake) -> bool:
    """The position says that all was finished."""
    return intake.position is not None and not json.loads(intake.position)["keys"]


async def begin(source: Stand, intake: RecordingIntake) -> None:
    """Receive."""
    await source.open()
    source.run(intake)


@OUTBOXES
@pytest.mark.parametrize("kept", [True, False])
async def test_rows_that_came_after_a_stop_are_read(
    orders: Database, parts: Parts, way: dict[str, Any], kept: bool
) -> None:
    """Also where the daemon died before its journal had the position that says that all was finished."""
    source, intake = parts.source(orders.settings(), **way), RecordingIntake()
    insert(orders, "old", 3)
    await begin(source, intake)
    await until(lambda: names_nothing(intake))
    assert open_rows(orders) == 0
    await source.close()
    orders.execute("DELETE FROM orders")
    insert(orders, "new", 4)
    again = RecordingIntake(position=intake.position if kept else intake.accepted[0].cursor)
    await begin(source, again)
    await until(lambda: open_rows(orders) == 0)
    assert items(again) == ["new-1", "new-2", "new-3", "new-4"]


@WAYS
@pytest.mark.parametrize("afresh", [False, True])
async def test_rows_that_equal_finished_ones_in_everything_are_read(
    orders: Database, parts: Parts, way: dict[str, Any], afresh: bool
) -> None:
    """All was finished when it was stopped, by the run before or by the beginning of this one."""
    source, intake = parts.source(orders.settings(), **way), RecordingIntake()
    insert(orders, "same", 2)
    await begin(source, intake)
    await until(lambda: names_nothing(intake))
    await source.close()
    if afresh:
        intake = RecordingIntake(position=intake.accepted[0].cursor)
        await begin(source, intake)
        await until(lambda: names_nothing(intake))
        await source.close()
    orders.execute("DELETE FROM orders")
    insert(orders, "same", 2)
    again = RecordingIntake(position=intake.position)
    await begin(source, again)
    await until(lambda: open_rows(orders) == 0)
    assert items(again) == ["same-1", "same-2"]


async def test_rows_that_were_claimed_and_not_handed_over_are_read(orders: Database, parts: Parts) -> None:
    source, intake = parts.source(orders.settings(), **CLAIMED), RecordingIntake()
    insert(orders, "old", 3)
    await begin(source, intake)
    await until(lambda: names_nothing(intake))
    intake.gate.clear()
    orders.execute("DELETE FROM orders")
    insert(orders, "new", 3)
    await intake.wait_for(2, offered=True)
    await source.close()
    again = RecordingIntake(position=intake.position)
    await begin(source, again)
    await until(lambda: open_rows(orders) == 0)
    assert items(again) == ["new-1", "new-2", "new-3"]


@OUTBOXES
async def test_a_crash_that_left_both_kinds_finishes_the_old_and_reads_the_new(
    orders: Database, parts: Parts, way: dict[str, Any]
) -> None:
    """More rows than one statement names; the transaction that was to finish the last ones is lost with the daemon."""
    source, intake = parts.source(orders.settings(), **way, batch=600), RecordingIntake()
    insert(orders, "old", 1201)
    await begin(source, intake)
    second = (await intake.wait_for(2))[1]
    await source.close()
    orders.execute("DELETE FROM orders")
    insert(orders, "old", 1200)
    orders.execute("UPDATE orders SET item = 'new' WHERE id IN (7, 1100)")
    again = RecordingIntake(position=second.cursor)
    await begin(source, again)
    await until(lambda: open_rows(orders) == 0)
    assert items(again) == ["new", "new"]


@WAYS
async def test_a_cursor_of_an_earlier_version_finishes_all_that_it_names(
    orders: Database, parts: Parts, way: dict[str, Any]
) -> None:
    source = parts.source(orders.settings(), **way)
    insert(orders, "old", 3, "TAKEN" if way is CLAIMED else "NEW")
    keys = [[["int", "1"]], [["int", "2"]]]
    again = RecordingIntake(position=json.dumps({"of": "orders/id", "keys": keys}).encode())
    await begin(source, again)
    await until(lambda: open_rows(orders) == 0)
    assert items(again) == ["old-3"]


@WAYS
async def test_a_row_is_known_again_whatever_its_columns_hold(
    database: Database, parts: Parts, way: dict[str, Any]
) -> None:
    document, kept = {"postgresql": ("jsonb", "uuid"), "mariadb": ("JSON", "TIME"), "sqlite": ("TEXT", "TEXT")}[
        database.kind
    ]
    database.execute(
        f"CREATE TABLE orders (id DECIMAL(9, 2) PRIMARY KEY, state VARCHAR(10) NOT NULL, sent_at {database.moments}, "
        f"weight DOUBLE PRECISION, at {database.moments}, scan {database.blob}, document {document}, other {kept})"
    )
    other = {"postgresql": "'8e7a9c52-3a54-4d0c-9a50-0f5bd9a0a9f1'", "mariadb": "'30:00:00'", "sqlite": "'Süß'"}
    values = f"0.1, '2026-03-01 12:00:00.123456', 'x', '{{\"b\": 1.10, \"a\": [1e3]}}', {other[database.kind]}"
    database.execute(
        "INSERT INTO orders (id, state, weight, at, scan, document, other) "
        f"VALUES (1.5, 'NEW', {values}), (2, 'NEW', {values})"
    )
    source = parts.source(database.settings(), **way, batch=1, json="document")
    intake = RecordingIntake()
    intake.gate.clear()
    await begin(source, intake)
    (unit,) = await intake.wait_for(1, offered=True)
    await source.close()
    # The unit is durable, and its row is not finished.
    again = RecordingIntake(position=unit.cursor)
    await begin(source, again)
    await until(lambda: open_rows(database) == 0)
    assert [record["id"] for record in records(again.accepted)] == [2]


async def test_a_row_that_changes_when_it_is_claimed_is_known_again(mariadb: ServerDatabase, parts: Parts) -> None:
    """The column has another time than the one that was handed over, because the claim is an update."""
    mariadb.execute(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, item VARCHAR(20), state VARCHAR(10) NOT NULL, sent_at INTEGER, "
        "changed TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))"
    )
    insert(mariadb, "old", 600)
    ((before,),) = mariadb.execute("SELECT MAX(changed) FROM orders")
    await asyncio.sleep(0.01)
    source, intake = parts.source(mariadb.settings(), **CLAIMED, batch=600), RecordingIntake()
    intake.gate.clear()
    await begin(source, intake)
    (unit,) = await intake.wait_for(1, offered=True)
    ((changed,),) = mariadb.execute("SELECT MIN(changed) FROM orders")
    assert changed > before
    await source.close()
    again = RecordingIntake(position=unit.cursor)
    await begin(source, again)
    await until(lambda: open_rows(mariadb) == 0)
    await asyncio.sleep(0.1)
    assert items(again) == []
    assert {record["changed"] for record in records([unit])} == {f"{before.isoformat()}+00:00"}
