"""Rows that are written: exact, in one transaction, and once."""

from __future__ import annotations

import asyncio
from datetime import UTC
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.stand import Stand
from tests.integration.connectors.sql.conftest import Parts
from tests.integration.connectors.sql.database import Database, ServerDatabase, message
from tundish.errors import AuthFailed, BusinessRejected, DeliveryError, Duplicate, Invalid, Misconfigured, Rejected
from tundish.model import Outgoing, Record

pytestmark = pytest.mark.anyio

LEDGER = "CREATE TABLE tundish_ledger (idempotency_key VARCHAR(255) NOT NULL PRIMARY KEY)"


async def written(stand: Stand, *messages: Outgoing) -> list[str]:
    """Deliver at the same time; what became of each."""
    ended: list[str] = [""] * len(messages)

    async def deliver(index: int, one: Outgoing) -> None:
        try:
            await stand.destination.deliver(one)
            ended[index] = "done"
        except DeliveryError as error:
            ended[index] = type(error).__name__

    async with asyncio.TaskGroup() as group:
        for index, one in enumerate(messages):
            group.create_task(deliver(index, one))
    return ended


@pytest.fixture
def stock(database: Database) -> Database:
    """A table of every common type."""
    database.execute(
        "CREATE TABLE stock (id VARCHAR(10) PRIMARY KEY, qty NUMERIC(10, 2), counted INTEGER, "
        f"at {database.moments}, note VARCHAR(20))"
    )
    return database


async def test_upsert_inserts_then_updates(stock: Database, parts: Parts) -> None:
    under_test = parts.destination(stock.settings(), table="stock", mode="upsert", key="id", timezone="UTC")
    await under_test.open()
    assert await written(under_test, *(message(n, {"id": f"i{n}", "qty": n}) for n in range(50))) == ["done"] * 50
    again = message(99, {"id": "i7", "qty": Decimal("7.25"), "note": "recounted"})
    assert await written(under_test, again) == ["done"]
    assert stock.execute("SELECT COUNT(*) FROM stock") == [(50,)]
    ((qty, note),) = stock.execute("SELECT qty, note FROM stock WHERE id = 'i7'")
    assert (Decimal(str(qty)), note) == (Decimal("7.25"), "recounted")


async def test_update_finds_its_rows_or_says_so(stock: Database, parts: Parts) -> None:
    stock.execute("INSERT INTO stock (id, qty) VALUES ('a', 1)")
    settings: dict[str, Any] = {"table": "stock", "mode": "update", "key": "id", "timezone": "UTC"}
    under_test = parts.destination(stock.settings(), **settings)
    await under_test.open()
    assert await written(under_test, message(1, {"id": "a", "qty": 1}), message(2, {"id": "b", "qty": 2})) == [
        "done",
        "Rejected",
    ]
    with pytest.raises(Rejected, match="'stock' has no row with id b"):
        await under_test.destination.deliver(message(2, {"id": "b", "qty": 2}))
    lenient = parts.destination(stock.settings(), "lenient", **settings, if_absent="ignore")
    await lenient.open()
    assert await written(lenient, message(2, {"id": "b", "qty": 2})) == ["done"]


async def test_a_bad_message_stops_no_other_of_its_batch(stock: Database, parts: Parts) -> None:
    under_test = parts.destination(stock.settings(), table="stock", timezone="UTC")
    await under_test.open()
    rows = [message(n, {"id": "same" if n in {3, 5} else f"i{n}", "qty": n}) for n in range(8)]
    assert await written(under_test, *rows) == ["done"] * 5 + ["Rejected"] + ["done"] * 2
    assert stock.execute("SELECT COUNT(*) FROM stock") == [(7,)]


async def test_what_a_column_cannot_hold_exactly_is_refused_with_all_faults(stock: Database, parts: Parts) -> None:
    under_test = parts.destination(stock.settings(), table="stock", timezone="UTC")
    await under_test.open()
    wrong: Record = {
        "id": "a-text-that-is-too-long",
        "qty": Decimal("1.005"),
        "counted": Decimal("1.5"),
        "at": "2026-03-29 01:30",
        "nte": "x",
    }
    with pytest.raises(Invalid) as caught:
        await under_test.destination.deliver(message(1, wrong))
    assert {fault.path: fault.cure for fault in caught.value.faults} == {
        "id": "shorten it in the mapping",
        "qty": "round({…}, 2) it first",
        "counted": "round(…) it first",
        "at": "give it one with datetime(…, …, $plant.timezone)",
        "nte": "did you mean 'note'?",
    }


async def test_moments_are_written_as_the_column_means_them(stock: Database, parts: Parts) -> None:
    under_test = parts.destination(stock.settings(), table="stock", timezone="Europe/Berlin")
    await under_test.open()
    row: Record = {"id": "a", "qty": Decimal("0.10"), "at": "2026-07-01T12:00:00.250000+02:00"}
    assert await written(under_test, message(1, row)) == ["done"]
    ((at,),) = stock.execute("SELECT at FROM stock")
    shown = at.astimezone(UTC).replace(tzinfo=None) if stock.kind == "postgresql" else at
    # A column without a zone shows the plant's clock; the others hold a moment, which our sessions see in UTC.
    hour = {"sqlite": "12", "postgresql": "10", "mariadb": str(at)[11:13]}[stock.kind]
    assert str(shown)[:23] == f"2026-07-01 {hour}:00:00.250"


async def test_header_and_lines_are_one_transaction(database: Database, parts: Parts) -> None:
    database.execute(
        "CREATE TABLE shipments (id VARCHAR(10) PRIMARY KEY, customer VARCHAR(10))",
        "CREATE TABLE shipment_lines (shipment VARCHAR(10) NOT NULL, line INTEGER NOT NULL, qty NUMERIC(8, 3), "
        "PRIMARY KEY (shipment, line), FOREIGN KEY (shipment) REFERENCES shipments (id), CHECK (qty > 0))",
    )
    under_test = parts.destination(
        database.settings(),
        write=[
            {"table": "shipments", "columns": {"id": "id", "customer": "customer.number"}},
            {
                "table": "shipment_lines",
                "each": "lines",
                "columns": {"shipment": "parent.id", "line": "number", "qty": "quantity.value"},
            },
        ],
    )
    await under_test.open()

    def shipment(name: str, *quantities: object) -> Record:
        lines = [{"number": n, "quantity": {"value": value}} for n, value in enumerate(quantities, 1)]
        return {"id": name, "customer": {"number": "K1"}, "lines": lines}  # type: ignore[dict-item] # numbers

    messages = [
        message(1, shipment("a", 1, Decimal("2.5"))),
        message(2, shipment("b", 1, 0)),
        message(3, shipment("c")),
    ]
    assert await written(under_test, *messages) == ["done", "Rejected", "done"]
    assert database.execute("SELECT id FROM shipments ORDER BY id") == [("a",), ("c",)]
    assert database.execute("SELECT COUNT(*) FROM shipment_lines") == [(2,)]
    preview = under_test.destination.preview(messages[0])
    assert preview["writes"] == [
        {"table": "shipments", "mode": "insert", "rows": [{"id": "a", "customer": "K1"}]},
        {
            "table": "shipment_lines",
            "mode": "insert",
            "rows": [{"shipment": "a", "line": 1, "qty": 1}, {"shipment": "a", "line": 2, "qty": Decimal("2.5")}],
        },
    ]


async def test_the_ledger_knows_what_was_written(database: Database, parts: Parts) -> None:
    database.execute("CREATE TABLE counters (name VARCHAR(10) PRIMARY KEY, value INTEGER NOT NULL)")
    database.execute("INSERT INTO counters VALUES ('a', 0)")
    settings: dict[str, Any] = {
        "statement": "UPDATE counters SET value = value + :step WHERE name = 'a' -- :not a parameter",
        "ledger": "tundish_ledger",
    }
    under_test = parts.destination(database.settings(), **settings)
    with pytest.raises(Misconfigured) as caught:
        await under_test.open()
    assert "CREATE TABLE tundish_ledger (idempotency_key VARCHAR(255)" in str(caught.value)
    database.execute(LEDGER)
    await under_test.open()
    messages = [message(n, {"step": 1}) for n in range(20)]
    assert await written(under_test, *messages) == ["done"] * 20
    assert await written(under_test, *messages, message(20, {"step": 1})) == ["Duplicate"] * 20 + ["done"]
    assert database.execute("SELECT value FROM counters") == [(21,)]


async def test_an_idempotency_column_tells_a_repeat_from_another_conflict(database: Database, parts: Parts) -> None:
    database.execute("CREATE TABLE bookings (id VARCHAR(10) PRIMARY KEY, repeat_key VARCHAR(255) NOT NULL UNIQUE)")
    under_test = parts.destination(database.settings(), table="bookings", idempotency_column="repeat_key")
    await under_test.open()
    first = message(1, {"id": "a"})
    assert await written(under_test, first) == ["done"]
    with pytest.raises(Duplicate):
        await under_test.destination.deliver(first)
    with pytest.raises(Rejected):
        await under_test.destination.deliver(message(2, {"id": "a"}))


async def test_an_existing_row_may_mean_that_it_is_done(database: Database, parts: Parts) -> None:
    database.execute("CREATE TABLE bookings (id VARCHAR(10) PRIMARY KEY)", "INSERT INTO bookings VALUES ('a')")
    under_test = parts.destination(database.settings(), table="bookings", if_exists="done")
    await under_test.open()
    with pytest.raises(Duplicate):
        await under_test.destination.deliver(message(1, {"id": "a"}))


async def test_no_value_changes_what_a_statement_does(database: Database, parts: Parts) -> None:
    database.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, note VARCHAR(200))")
    evil = "x'); DROP TABLE notes; -- {{ 7*7 }} :id %s %(id)s \\' \""
    statement = "INSERT INTO notes (id, note) VALUES (:id, :note)"
    for name, settings in (("own", {"statement": statement}), ("table", {"table": "notes"})):
        under_test = parts.destination(database.settings(), name, **settings)
        await under_test.open()
        number = 1 if name == "own" else 2
        assert await written(under_test, message(number, {"id": number, "note": evil})) == ["done"]
    assert database.execute("SELECT note FROM notes") == [(evil,), (evil,)]


async def test_a_broken_constraint_is_named(postgres: ServerDatabase, parts: Parts) -> None:
    postgres.execute("CREATE TABLE stock (id text, qty numeric, CONSTRAINT qty_is_positive CHECK (qty > 0))")
    under_test = parts.destination(postgres.settings(), table="stock")
    await under_test.open()
    with pytest.raises(Rejected, match="the constraint 'qty_is_positive' forbids it") as caught:
        await under_test.destination.deliver(message(1, {"id": "a", "qty": -1}))
    assert {name: caught.value.facts[name] for name in ("kind", "code", "constraint")} == {
        "kind": "constraint",
        "code": "23514",
        "constraint": "qty_is_positive",
    }


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
async def test_a_procedure_is_called_and_may_refuse(request: pytest.FixtureRequest, parts: Parts, kind: str) -> None:
    database: ServerDatabase = request.getfixturevalue(kind)
    database.execute("CREATE TABLE booked (id VARCHAR(10), qty NUMERIC(8, 2))")
    database.execute(
        {
            "postgres": "CREATE PROCEDURE book(id varchar, qty numeric) LANGUAGE plpgsql AS $$ BEGIN "
            "IF qty > 100 THEN RAISE EXCEPTION 'period is closed'; END IF; "
            "INSERT INTO booked VALUES (id, qty); END $$",
            "mariadb": "CREATE PROCEDURE book(id VARCHAR(10), qty NUMERIC(8, 2)) BEGIN "
            "IF qty > 100 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'period is closed'; END IF; "
            "INSERT INTO booked VALUES (id, qty); END",
        }[kind]
    )
    under_test = parts.destination(
        database.settings(), procedure="book", arguments={"id": "id", "qty": "quantity.value"}
    )
    await under_test.open()
    assert await written(under_test, message(1, {"id": "a", "quantity": {"value": Decimal("1.5")}})) == ["done"]
    with pytest.raises(BusinessRejected, match="period is closed"):
        await under_test.destination.deliver(message(2, {"id": "b", "quantity": {"value": 101}}))
    assert database.execute("SELECT id, qty FROM booked") == [("a", Decimal("1.50"))]


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
async def test_a_deadlock_is_tried_again(request: pytest.FixtureRequest, parts: Parts, kind: str) -> None:
    database: ServerDatabase = request.getfixturevalue(kind)
    database.execute(
        "CREATE TABLE pairs (id INTEGER PRIMARY KEY, n INTEGER)", "INSERT INTO pairs VALUES (1, 0), (2, 0)"
    )
    ended: list[str] = []
    pause = "pg_sleep(0.3)" if kind == "postgres" else "SLEEP(0.3)"
    steps = [
        [
            {"statement": f"UPDATE pairs SET n = n + 1 WHERE id = {first}"},
            {"statement": f"SELECT {pause}"},
            {"statement": f"UPDATE pairs SET n = n + 1 WHERE id = {second}"},
        ]
        for first, second in ((1, 2), (2, 1))
    ]
    stands = [parts.destination(database.settings(), f"out-{n}", write=write) for n, write in enumerate(steps)]
    for one in stands:
        await one.open()

    async def deliver(one: Stand) -> None:
        ended.extend(await written(one, message(1, {"id": "a"})))

    async with asyncio.TaskGroup() as group:
        for one in stands:
            group.create_task(deliver(one))
    assert sorted(ended) == ["Transient", "done"]


async def test_a_missing_right_waits_for_someone(postgres: ServerDatabase, parts: Parts) -> None:
    postgres.execute("CREATE TABLE stock (id text)")
    under_test = parts.destination(postgres.settings(), table="stock")
    await under_test.open()
    postgres.execute("REVOKE INSERT ON stock FROM tundish")
    with pytest.raises(AuthFailed, match="permission denied"):
        await under_test.destination.deliver(message(1, {"id": "a"}))
    postgres.execute("DROP TABLE stock")
    with pytest.raises(AuthFailed, match="does not exist"):
        await under_test.destination.deliver(message(1, {"id": "a"}))
