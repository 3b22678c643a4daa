"""Questions, and what is remembered of their answers; types of columns; what `check` finds."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.stand import RecordingIntake
from tests.integration.connectors.sql.conftest import Parts
from tests.integration.connectors.sql.database import Database, ServerDatabase, message, records
from tundish.errors import Invalid, Misconfigured, Rejected

pytestmark = pytest.mark.anyio


@pytest.fixture
def items(database: Database) -> Database:
    """Two items."""
    database.execute("CREATE TABLE items (id VARCHAR(10) PRIMARY KEY, name VARCHAR(20), price NUMERIC(8, 2))")
    database.execute("INSERT INTO items VALUES ('FG-1', 'gear', 1.10), ('FG-2', 'shaft', 2)")
    return database


async def test_a_row_is_the_answer(items: Database, parts: Parts) -> None:
    under_test = parts.lookup(items.settings(), query="SELECT name FROM items WHERE id = :key")
    await under_test.open()
    facts = (await under_test.lookup.find({"key": "FG-1"})).facts
    assert facts == {"status": 200, "body": {"name": "gear"}}


async def test_nothing_found_is_an_answer(items: Database, parts: Parts) -> None:
    under_test = parts.lookup(items.settings(), query="SELECT name FROM items WHERE id = :key")
    await under_test.open()
    assert (await under_test.lookup.find({"key": "' OR 1=1 --"})).facts == {"status": 404}


async def test_many_rows_and_expressions(items: Database, parts: Parts) -> None:
    under_test = parts.lookup(
        items.settings(),
        query="SELECT id, price FROM items WHERE price >= :low AND name <> :name ORDER BY id",
        parameters={"low": "limits.low", "name": "$meta.name"},
        rows="many",
    )
    await under_test.open()
    scope: dict[str, Any] = {"limits": {"low": 1}, "meta": {"name": "x"}}
    body = (await under_test.lookup.find(scope)).facts["body"]
    assert body == [{"id": "FG-1", "price": Decimal("1.10")}, {"id": "FG-2", "price": 2}]


async def test_more_rows_than_asked_for_are_no_answer(items: Database, parts: Parts) -> None:
    under_test = parts.lookup(items.settings(), query="SELECT name FROM items")
    await under_test.open()
    with pytest.raises(Rejected, match="more than 1 row"):
        await under_test.lookup.find({})


async def test_a_parameter_without_a_value_is_a_fault_of_the_message(items: Database, parts: Parts) -> None:
    under_test = parts.lookup(items.settings(), query="SELECT name FROM items WHERE id = :item")
    await under_test.open()
    with pytest.raises(Invalid, match="item: the message has no such field"):
        await under_test.lookup.find({"key": "x"})


async def test_answers_are_remembered_for_their_time(items: Database, parts: Parts) -> None:
    under_test = parts.lookup(
        items.settings(), query="SELECT name FROM items WHERE id = :key", cache={"ttl": "300ms", "size": 10}
    )
    await under_test.open()

    async def name() -> object:
        return (await under_test.lookup.find({"key": "FG-1"})).facts.get("body")

    assert (await under_test.lookup.find({"key": "new"})).facts == {"status": 404}
    assert await name() == {"name": "gear"}
    items.execute("UPDATE items SET name = 'wheel'", "INSERT INTO items (id, name) VALUES ('new', 'n')")
    assert await name() == {"name": "gear"}
    assert (await under_test.lookup.find({"key": "new"})).facts["status"] == 200
    await asyncio.sleep(0.35)
    assert await name() == {"name": "wheel"}


TYPES = {
    "postgresql": (
        (
            "SELECT 1 AS v, 1.10::numeric AS d, 0.1::float8 AS f, 'NaN'::numeric AS nan, true AS b, "
            "'2026-07-01 12:00'::timestamp AS t, '2026-07-01 12:00+02'::timestamptz AS z, "
            "'infinity'::timestamptz AS inf, "
            "'0001-01-01 BC'::date AS old, '2026-07-01'::date AS day, '07:30'::time AS clock, "
            "'1 mon'::interval AS span, "
            "'\\x00ff'::bytea AS raw, '{\"a\": 1.10}'::jsonb AS j, ARRAY[1, 2] AS list, "
            "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid AS u, NULL AS n"
        ),
        {
            "v": 1,
            "d": Decimal("1.10"),
            "f": Decimal("0.1"),
            "nan": "NaN",
            "b": True,
            "t": "2026-07-01T12:00:00+02:00",
            "z": "2026-07-01T10:00:00+00:00",
            "inf": "infinity",
            "old": "0001-01-01 BC",
            "day": "2026-07-01",
            "clock": "07:30:00",
            "span": "1 mon",
            "raw": "AP8=",
            "j": {"a": Decimal("1.10")},
            "list": [1, 2],
            "u": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "n": None,
        },
    ),
    "mariadb": (
        (
            "SELECT 1 AS v, CAST(1.10 AS DECIMAL(8, 2)) AS d, CAST('2026-07-01 12:00' AS DATETIME) AS t, "
            "CAST('2026-07-01' AS DATE) AS day, CAST('07:30' AS TIME) AS clock, CAST('26:00' AS TIME) AS span, "
            "x'00ff' AS raw, '{\"a\": 1.10}' AS j, CAST('0000-00-00' AS DATE) AS zero, NULL AS n"
        ),
        {
            "v": 1,
            "d": Decimal("1.10"),
            "t": "2026-07-01T12:00:00+02:00",
            "day": "2026-07-01",
            "clock": "07:30:00",
            "span": "PT26H",
            "raw": "AP8=",
            "j": {"a": Decimal("1.10")},
            "zero": "0000-00-00",
            "n": None,
        },
    ),
}


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
async def test_every_type_is_exact(request: pytest.FixtureRequest, parts: Parts, kind: str) -> None:
    database: ServerDatabase = request.getfixturevalue(kind)
    query, expected = TYPES[database.kind]
    settings = {"query": query, "watermark": "v", "timezone": "Europe/Berlin", "json": "j"}
    source, intake = parts.source(database.settings(), **settings), RecordingIntake()
    await source.open()
    source.run(intake)
    await intake.wait_for(1)
    assert records(intake.accepted) == [expected]


async def test_a_timestamp_of_mariadb_is_a_moment_and_a_datetime_needs_a_zone(
    mariadb: ServerDatabase, parts: Parts
) -> None:
    mariadb.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, at TIMESTAMP(6) NULL, shown DATETIME(6))")
    out = parts.destination(mariadb.settings(), table="t", timezone="Europe/Berlin")
    await out.open()
    moment = "2026-07-01T12:00:00.500000+02:00"
    await out.destination.deliver(message(1, {"id": 1, "at": moment, "shown": moment}))
    settings: dict[str, Any] = {"table": "t", "watermark": "id"}
    source, intake = parts.source(mariadb.settings(), **settings, timezone="Europe/Berlin"), RecordingIntake()
    await source.open()
    source.run(intake)
    await intake.wait_for(1)
    assert records(intake.accepted) == [{"id": 1, "at": "2026-07-01T10:00:00.500000+00:00", "shown": moment}]
    unsaid = parts.source(mariadb.settings(), "unsaid", **settings)
    await unsaid.open()
    unsaid.run(RecordingIntake())
    async with asyncio.timeout(5):
        error = await unsaid.lost
    assert isinstance(error, Misconfigured)
    assert "'shown' holds times without a zone; set 'timezone'" in str(error)


async def test_check_names_a_missing_index_and_rows_that_are_never_read(items: Database, parts: Parts) -> None:
    items.execute("INSERT INTO items (id) VALUES ('x')")
    source = parts.source(items.settings(), table="items", watermark="price", key="id")
    await source.open()
    texts = [str(fault) for fault in await source.component.check()]
    assert texts == [
        "items: no index begins with price, so every poll reads the whole table; CREATE INDEX ON items (price)",
        "items: rows without 'price' are never read, and there are some; give it a default and NOT NULL",
    ]
    items.execute("CREATE INDEX by_price ON items (price)", "UPDATE items SET price = 1")
    assert list(await source.component.check()) == []
    assert list(await source.connection.check()) == []


async def test_check_names_an_upsert_that_nothing_makes_unique(items: Database, parts: Parts) -> None:
    out = parts.destination(items.settings(), table="items", mode="upsert", key="name")
    await out.open()
    assert [fault.text for fault in await out.component.check()] == [
        "nothing makes (name) unique, so a repeat is not recognised"
    ]
    assert items.execute("SELECT COUNT(*) FROM items") == [(2,)]


async def test_check_names_missing_rights(postgres: ServerDatabase, parts: Parts) -> None:
    postgres.execute("CREATE TABLE t (id integer PRIMARY KEY, state text)", "CREATE INDEX ON t (state)")
    postgres.execute("REVOKE INSERT, UPDATE, DELETE ON t FROM tundish")
    out = parts.destination(postgres.settings(), table="t", mode="upsert", key="id")
    await out.open()
    assert [fault.cure for fault in await out.component.check()] == [
        "GRANT INSERT ON t TO our user",
        "GRANT UPDATE ON t TO our user",
    ]
    for way, right in (({"status": {"column": "state"}}, "UPDATE"), ({"outbox": {"after": "delete"}}, "DELETE")):
        source = parts.source(postgres.settings(), right, table="t", key="id", **way)
        await source.open()
        assert [fault.text for fault in await source.component.check()] == [f"we may not {right} there"]


async def test_check_names_an_engine_without_transactions(mariadb: ServerDatabase, parts: Parts) -> None:
    mariadb.execute("CREATE TABLE t (id INTEGER PRIMARY KEY) ENGINE = MyISAM")
    out = parts.destination(mariadb.settings(), table="t")
    await out.open()
    assert [fault.cure for fault in await out.component.check()] == ["ALTER TABLE t ENGINE = InnoDB"]


async def test_check_reads_a_query_without_running_it(items: Database, parts: Parts) -> None:
    under_test = parts.lookup(items.settings(), query="SELECT nme FROM items WHERE id = :key")
    await under_test.open()
    (fault,) = await under_test.component.check()
    assert "nme" in fault.text
