"""While the journal writes some rows, the ones before are finished and the next ones are read: once each, in order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.conformance.stand import RecordingIntake, Stand, until
from tests.integration.connectors.sql.conftest import Parts
from tests.integration.connectors.sql.database import Database, records

pytestmark = pytest.mark.anyio

CLAIMED: dict[str, Any] = {"table": "orders", "key": "id", "status": {"column": "state"}}
OUTBOX: dict[str, Any] = {"table": "orders", "key": "id", "outbox": {"after": "delete", "wait_for_gaps": "0s"}}
WATERMARK: dict[str, Any] = {"table": "orders", "key": "id", "watermark": "changed", "overlap": 5}
WAYS = pytest.mark.parametrize("way", [CLAIMED, OUTBOX, WATERMARK], ids=["status", "outbox", "watermark"])


def ids(intake: RecordingIntake) -> list[object]:
    """The rows that were handed over."""
    return [record["id"] for record in records(intake.accepted)]


def insert(database: Database, *numbers: int) -> None:
    """Orders, in one transaction."""
    rows = ", ".join(f"({number}, {number}, 'NEW')" for number in numbers)
    database.execute(f"INSERT INTO orders VALUES {rows}")


def open_rows(database: Database) -> list[object]:
    """Those that are not finished."""
    return [row[0] for row in database.execute("SELECT id FROM orders WHERE state <> 'DONE' ORDER BY id")]


@pytest.fixture
def orders(database: Database) -> Database:
    """Nine orders, the first of which has the number ten."""
    database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, changed INTEGER, state VARCHAR(10) NOT NULL)")
    insert(database, *range(10, 19))
    return database


async def stalled(orders: Database, parts: Parts, way: dict[str, Any]) -> tuple[Stand, RecordingIntake]:
    """A source whose first two rows wait for the disk."""
    source, intake = parts.source(orders.settings(), **way, batch=2), RecordingIntake()
    intake.gate.clear()
    await source.open()
    source.run(intake)
    await intake.wait_for(1, offered=True)
    return source, intake


@WAYS
async def test_every_row_comes_once_and_in_order(orders: Database, parts: Parts, way: dict[str, Any]) -> None:
    source, intake = parts.source(orders.settings(), **way, batch=2), RecordingIntake(delay=lambda _: 0.02)
    await source.open()
    source.run(intake)
    await until(lambda: len(ids(intake)) >= 9)
    insert(orders, 19, 20, 21)
    await until(lambda: len(ids(intake)) >= 12)
    await asyncio.sleep(0.1)
    assert ids(intake) == list(range(10, 22))
    if way is not WATERMARK:
        await until(lambda: open_rows(orders) == [])


@WAYS
async def test_nothing_goes_on_before_the_journal_has_the_rows(
    orders: Database, parts: Parts, way: dict[str, Any]
) -> None:
    _, intake = await stalled(orders, parts, way)
    await asyncio.sleep(0.2)
    assert len(intake.offered) == 1
    assert open_rows(orders) == list(range(10, 19))


@pytest.mark.parametrize("way", [CLAIMED, OUTBOX], ids=["status", "outbox"])
async def test_rows_of_two_units_are_finished_after_a_crash(
    orders: Database, parts: Parts, way: dict[str, Any]
) -> None:
    """The second unit is durable, and the transaction that was to finish the first one is lost with the daemon."""
    source, intake = parts.source(orders.settings(), **way, batch=2), RecordingIntake()
    await source.open()
    source.run(intake)
    second = (await intake.wait_for(2))[1]
    await source.close()
    orders.execute("DELETE FROM orders")
    insert(orders, *range(10, 19))
    if way is CLAIMED:
        orders.execute("UPDATE orders SET state = 'TAKEN' WHERE id < 16")
    again = RecordingIntake(position=second.cursor)
    await source.open()
    source.run(again)
    await until(lambda: open_rows(orders) == [])
    assert ids(again) == list(range(14, 19))


async def test_rows_that_come_late_do_not_wait_for_the_end(orders: Database, parts: Parts) -> None:
    """A number below those that are held is taken next, although there are always more behind them."""
    _, intake = await stalled(orders, parts, OUTBOX)
    await asyncio.sleep(0.2)  # Meanwhile 12 and 13 are read.
    insert(orders, 5)
    intake.gate.set()
    await until(lambda: open_rows(orders) == [])
    assert ids(intake) == [10, 11, 12, 13, 5, *range(14, 19)]


async def test_a_claim_whose_answer_was_lost_is_found_when_nothing_is_new(orders: Database, parts: Parts) -> None:
    source, intake = parts.source(orders.settings(), **CLAIMED), RecordingIntake()
    await source.open()
    source.run(intake)
    await until(lambda: open_rows(orders) == [])
    orders.execute("UPDATE orders SET state = 'TAKEN' WHERE id = 12")
    await until(lambda: open_rows(orders) == [])
    assert ids(intake) == [*range(10, 19), 12]


@WAYS
async def test_a_server_that_goes_away_meanwhile_takes_nothing_along(
    orders: Database, parts: Parts, way: dict[str, Any]
) -> None:
    """Reading ahead fails while the journal writes; the unit is accepted all the same, and comes only once."""
    source, intake = await stalled(orders, parts, way)
    await source.connection.close()
    intake.gate.set()
    async with asyncio.timeout(10):
        await source.lost
    assert len(intake.accepted) == 1
    again = RecordingIntake(position=intake.position)
    await source.connection.open()
    await source.close()
    await source.open()
    source.run(again)
    await until(lambda: len(ids(again)) >= 7)
    assert ids(again) == list(range(12, 19))
