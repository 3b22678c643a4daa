"""Polling by watermark: nothing is left out, nothing comes twice."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

import pytest

from tests.conformance.stand import RecordingIntake, until
from tests.integration.connectors.sql.conftest import Parts
from tests.integration.connectors.sql.database import Database, ServerDatabase, records, run
from tundish.errors import Misconfigured
from tundish.telemetry import Event

pytestmark = pytest.mark.anyio


def ids(intake: RecordingIntake) -> list[object]:
    """The rows that were handed over."""
    return [record["id"] for record in records(intake.accepted)]


async def test_rows_that_share_a_watermark_all_come_once(database: Database, parts: Parts) -> None:
    database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, version INTEGER NOT NULL)")
    rows = ", ".join(f"({number}, {number // 10})" for number in range(100))
    database.execute(f"INSERT INTO orders VALUES {rows}")
    source = parts.source(database.settings(), table="orders", watermark="version", key="id", batch=7)
    intake = RecordingIntake()
    await source.open()
    source.run(intake)
    await until(lambda: len(ids(intake)) >= 100, lambda: str(len(ids(intake))))
    database.execute("INSERT INTO orders VALUES (200, 9), (201, 10)", "UPDATE orders SET version = 11 WHERE id = 5")
    await until(lambda: len(ids(intake)) >= 103, lambda: str(ids(intake)))
    await asyncio.sleep(0.1)
    assert ids(intake) == [*range(100), 200, 201, 5]
    assert all(len(records([unit])) <= 7 for unit in intake.accepted)


async def test_goes_on_from_the_cursor_behind_a_half_read_tie(database: Database, parts: Parts) -> None:
    database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, version INTEGER NOT NULL)")
    database.execute("INSERT INTO orders VALUES (1, 1), (2, 1), (3, 1), (4, 1)")
    settings: dict[str, Any] = {"table": "orders", "watermark": "version", "key": "id", "batch": 3}
    first = parts.source(database.settings(), **settings)
    intake = RecordingIntake()
    await first.open()
    first.run(intake)
    await intake.wait_for(1)
    await first.close()
    again = RecordingIntake(position=intake.accepted[0].cursor)
    await first.open()
    first.run(again)
    await until(lambda: ids(again) == [4])


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_late_commit_is_found_and_nothing_comes_twice(
    postgres: ServerDatabase, parts: Parts, restarted: bool
) -> None:
    postgres.execute("CREATE TABLE orders (id integer PRIMARY KEY, changed timestamptz NOT NULL DEFAULT now())")
    source = parts.source(postgres.settings(), table="orders", watermark="changed", key="id", overlap="30s")
    intake = RecordingIntake()
    await source.open()
    source.run(intake)
    with closing(postgres.connect()) as slow:
        run(slow, "INSERT INTO orders (id) VALUES (1)")
        postgres.execute("INSERT INTO orders (id) VALUES (2)")
        await until(lambda: ids(intake) == [2])
        if restarted:
            await source.close()
            await source.open()
            intake.position = intake.accepted[-1].cursor
            source.run(intake)
        slow.commit()
    await until(lambda: ids(intake) == [2, 1], lambda: str(ids(intake)))
    postgres.execute("UPDATE orders SET changed = now() WHERE id = 2")
    await until(lambda: ids(intake) == [2, 1, 2], lambda: str(ids(intake)))
    await asyncio.sleep(0.1)
    assert ids(intake) == [2, 1, 2]


async def test_without_a_key_rows_that_share_a_watermark_are_refused(database: Database, parts: Parts) -> None:
    database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, version INTEGER NOT NULL)")
    database.execute("INSERT INTO orders VALUES (1, 1), (2, 2), (3, 2)")
    source = parts.source(database.settings(), table="orders", watermark="version", batch=2)
    await source.open()
    source.run(RecordingIntake())
    async with asyncio.timeout(5):
        error = await source.lost
    assert isinstance(error, Misconfigured)
    assert "several rows have 2 in 'version'" in str(error)
    assert "'key'" in str(error)


async def test_a_query_is_read_like_a_table(database: Database, parts: Parts) -> None:
    database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, note VARCHAR(20))")
    database.execute("INSERT INTO orders VALUES (1, 1, '12:30 :x'), (2, 2, 'b'), (3, 3, 'skip')")
    query = "SELECT o.id, o.version AS seen, note FROM orders o WHERE note <> 'skip' AND note <> ':y';"
    source = parts.source(database.settings(), query=query, watermark="seen", key="id")
    intake = RecordingIntake()
    await source.open()
    source.run(intake)
    await intake.wait_for(1)
    assert records(intake.accepted) == [{"id": 1, "seen": 1, "note": "12:30 :x"}, {"id": 2, "seen": 2, "note": "b"}]
    assert intake.accepted[0].meta == {"table": None, "rows": 2}


async def test_other_columns_mean_a_new_beginning_and_it_is_said(database: Database, parts: Parts) -> None:
    database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, version INTEGER NOT NULL)")
    database.execute("INSERT INTO orders VALUES (1, 7)")
    first = parts.source(database.settings(), table="orders", watermark="version", key="id")
    intake = RecordingIntake()
    await first.open()
    first.run(intake)
    await intake.wait_for(1)
    second = parts.source(database.settings(), "other", table="orders", watermark="id")
    again = RecordingIntake(position=intake.accepted[0].cursor)
    await second.open()
    second.run(again)
    await again.wait_for(1)
    assert [event for _, event, _ in second.log.events] == [Event.SOURCE_STARTED_OVER]


@pytest.mark.parametrize(
    ("settings", "fact"),
    [
        ({"table": "ordrs", "watermark": "version"}, "there is no table 'ordrs'"),
        ({"table": "orders", "watermark": "verson"}, "has no column 'verson'; did you mean 'version'?"),
        ({"table": "orders", "watermark": "version", "columns": ["nme"]}, "has no column 'nme'"),
        ({"query": "SELECT id FROM orders", "watermark": "version"}, "the query has no column 'version'"),
    ],
)
async def test_what_is_not_there_is_named_before_anything_runs(
    database: Database, parts: Parts, settings: dict[str, Any], fact: str
) -> None:
    database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, version INTEGER NOT NULL)")
    source = parts.source(database.settings(), **settings)
    with pytest.raises(Misconfigured) as caught:
        await source.open()
    assert fact in str(caught.value)
