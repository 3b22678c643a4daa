"""Rows in and out of PostgreSQL, against bare SQLAlchemy on the same server in the same run.

In: a table is read by a daemon, journal included, and by a loop by hand, before it and after it: an outbox that is
emptied, rows that are followed by their number, rows that are claimed and done. The route leads to a system that is not
there, and for the outbox in another run into memory. Out: messages that are delivered at the same time, and rows that
are inserted in transactions of the same size.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Engine, Row, TextClause, bindparam, create_engine, text

from tests.benchmark.by_hand import kept
from tests.benchmark.destinations import Ends, memory, nobody
from tests.benchmark.measurement import Measurement, tell
from tests.conformance.database_server import DatabaseServer
from tests.conformance.databases import MADE, MISSING
from tests.conformance.stand import outgoing, workbench
from tests.crash.process import Process
from tundish.journal import open_reader
from tundish.model import Outgoing, Record
from tundish.sdk import connector

ROWS = 60_000
BATCH = 500
TOGETHER = 200
"""Deliveries that are ready at the same time."""


@dataclass(frozen=True)
class Way:
    """One of the ways to know which rows are new."""

    settings: dict[str, object]
    bare: Callable[[Engine], float]
    """Rows a second of a loop by hand that does the same."""
    left: str = ""
    """Counts the rows that are not finished; where nothing is finished, the journal counts."""


class Site:
    """Where the daemon lives: a route from the table."""

    def __init__(self, folder: Path, connection: dict[str, object], ends: Ends, way: Way) -> None:
        self.project, self.data = folder / "project", folder / "data"
        source = {"connection": "peer", "table": "outbox", **way.settings, "poll": "10ms", "batch": BATCH}
        files = {
            "tundish.yaml": {"tundish": 1},
            "connections/peers.yaml": {"connections": {"peer": {"sql": connection}, "sink": ends[0]}},
            "routes/in.yaml": {
                "route": "in",
                "from": {"sql": source},
                "key": "id",
                "to": {"sink": ends[1]},
            },
        }
        for name, content in files.items():
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(content, sort_keys=False))


def fill(server: DatabaseServer, way: Way) -> None:
    """A table of orders."""
    server.execute(
        "DROP TABLE IF EXISTS outbox",
        "CREATE TABLE outbox (id integer PRIMARY KEY, work_order text, item text, qty numeric(10, 3), at timestamptz)",
        f"INSERT INTO outbox SELECT n, 'WO-' || n, 'FG-100', n / 8.0, now() FROM generate_series(1, {ROWS}) n",
        *(
            ("ALTER TABLE outbox ADD state text NOT NULL DEFAULT 'NEW'", "CREATE INDEX ON outbox (state, id)")
            if "status" in way.settings
            else ()
        ),
        "ANALYZE outbox",
    )


def bare_outbox(engine: Engine, keep: Callable[[Sequence[Row[Any]]], None] = lambda rows: None) -> float:
    """Select and delete; what is to be kept is kept in between."""
    select = text(f"SELECT id, work_order, item, qty, at FROM outbox ORDER BY id LIMIT {BATCH}")
    delete = by_ids("DELETE FROM outbox WHERE id IN :ids")
    begun = time.perf_counter()
    while True:
        with engine.begin() as session:
            rows = session.execute(select).fetchall()
            if not rows:
                return ROWS / (time.perf_counter() - begun)
            keep(rows)
            session.execute(delete, {"ids": [row.id for row in rows]})


def kept_outbox(server: DatabaseServer, engine: Engine) -> float:
    """Rows a second of a loop that also keeps each row by hand."""

    def keep(rows: Sequence[Row[Any]]) -> None:
        for row in rows:
            file.keep(json.dumps(row._asdict(), default=str).encode())

    fill(server, OUTBOX)
    with tempfile.TemporaryDirectory() as folder, kept(Path(folder)) as file:
        return bare_outbox(engine, keep)


def bare_watermark(engine: Engine) -> float:
    """Select what lies behind the last number."""
    select = text(f"SELECT id, work_order, item, qty, at FROM outbox WHERE id > :last ORDER BY id LIMIT {BATCH}")
    begun, last = time.perf_counter(), 0
    while True:
        with engine.begin() as session:
            rows = session.execute(select, {"last": last}).fetchall()
        if not rows:
            return ROWS / (time.perf_counter() - begun)
        last = rows[-1].id


def bare_status(engine: Engine) -> float:
    """Claim in one transaction, be done in another."""
    select = text(
        "SELECT id, work_order, item, qty, at FROM outbox WHERE state = 'NEW' "
        f"ORDER BY id LIMIT {BATCH} FOR UPDATE SKIP LOCKED"
    )
    claim = by_ids("UPDATE outbox SET state = 'TAKEN' WHERE id IN :ids")
    done = by_ids("UPDATE outbox SET state = 'DONE' WHERE id IN :ids")
    begun = time.perf_counter()
    while True:
        with engine.begin() as session:
            rows = session.execute(select).fetchall()
            if not rows:
                return ROWS / (time.perf_counter() - begun)
            session.execute(claim, {"ids": [row.id for row in rows]})
        with engine.begin() as session:
            session.execute(done, {"ids": [row.id for row in rows]})


def by_ids(statement: str) -> TextClause:
    """A statement about many rows."""
    return text(statement).bindparams(bindparam("ids", expanding=True))


OUTBOX = Way(
    {"key": "id", "outbox": {"after": "delete", "wait_for_gaps": "0s"}}, bare_outbox, "SELECT COUNT(*) FROM outbox"
)
WATERMARK = Way({"watermark": "id", "overlap": 0}, bare_watermark)
STATUS = Way(
    {"key": "id", "status": {"column": "state"}}, bare_status, "SELECT COUNT(*) FROM outbox WHERE state <> 'DONE'"
)


async def daemon_in(server: DatabaseServer, folder: Path, ends: Ends, way: Way) -> float:
    """Rows a second of the daemon, until the last one is finished."""
    fill(server, way)
    site = Site(folder, server.settings(), ends, way)
    process = Process(site)
    left = ROWS

    def look() -> int:
        if way.left:
            ((count,),) = server.execute(way.left)
            return int(count)
        with open_reader(site.data) as journal:
            return ROWS - sum(route.accepted for route in journal.totals())

    await process.start()
    before, since = await asyncio.to_thread(look), time.perf_counter()
    try:
        while left:
            await asyncio.sleep(0.05)
            left = await asyncio.to_thread(look)
        return before / (time.perf_counter() - since)
    finally:
        await process.kill()


def both_in(server: DatabaseServer, engine: Engine, ends: Ends, way: Way = OUTBOX) -> tuple[float, float]:
    """Rows a second of the daemon, and of the loop before and after it."""
    fill(server, way)
    before = way.bare(engine)
    with tempfile.TemporaryDirectory() as folder:
        durable = asyncio.run(daemon_in(server, Path(folder), ends, way))
    fill(server, way)
    return durable, (before + way.bare(engine)) / 2


def bare_out(engine: Engine) -> float:
    """Rows a second of transactions with `TOGETHER` rows."""
    insert = text("INSERT INTO inbox (id, work_order, qty) VALUES (:id, :work_order, :qty)")
    begun = time.perf_counter()
    for at in range(0, ROWS, TOGETHER):
        with engine.begin() as session:
            rows = [{"id": n, "work_order": f"WO-{n}", "qty": n} for n in range(at, at + TOGETHER)]
            session.execute(insert, rows)
    return ROWS / (time.perf_counter() - begun)


def order(number: int) -> Outgoing:
    """A message."""
    record: Record = {"id": number, "work_order": f"WO-{number}", "qty": number}
    made = outgoing(number)
    return Outgoing(number, made.key, made.idempotency_key, dict(record), b"", made.content_type, {**record})


async def connector_out(server: DatabaseServer, folder: Path) -> float:
    """Messages a second of the destination, of which `TOGETHER` are ready at any time."""
    spec = connector("sql")
    async with workbench(folder) as bench:
        stand = bench.stand(spec, spec.destination, server.settings(), {"table": "inbox", "batch": TOGETHER})
        await stand.open()
        numbers = iter(range(ROWS))

        async def deliver() -> None:
            for number in numbers:
                await stand.destination.deliver(order(number))

        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(2 * TOGETHER):
                group.create_task(deliver())
        return ROWS / (time.perf_counter() - begun)


def main() -> int:
    """Measure both directions and print them."""
    if "postgresql" not in MADE:
        print(MISSING["postgresql"], file=sys.stderr)
        return 0
    server = MADE["postgresql"]()
    server.start_now()
    engine = create_engine("postgresql+psycopg://", creator=server.connect)
    try:
        durable, bare = both_in(server, engine, nobody())
        by_hand = kept_outbox(server, engine)
        delivered_too, bare_beside = both_in(server, engine, memory())
        followed, bare_followed = both_in(server, engine, nobody(), WATERMARK)
        claimed, bare_claimed = both_in(server, engine, nobody(), STATUS)
        server.execute("CREATE TABLE inbox (id integer PRIMARY KEY, work_order text NOT NULL, qty numeric(10, 3))")
        inserts = bare_out(engine)
        server.execute("TRUNCATE inbox")
        with tempfile.TemporaryDirectory() as folder:
            delivered = asyncio.run(connector_out(server, Path(folder)))
    finally:
        engine.dispose()
        server.remove()
    tell(
        Measurement("sql in: outbox → daemon → journal, durable", durable, unit="a second"),
        Measurement("sql in: over bare SQLAlchemy that selects and deletes", durable / bare, at_least=0.5),
        Measurement("sql in: over SQLAlchemy that also keeps each row by hand", durable / by_hand, at_least=0.5),
        Measurement("sql in: the same, delivered to memory meanwhile", delivered_too / bare_beside, at_least=0.5),
        Measurement("sql in: watermark → daemon → journal, durable", followed, unit="a second"),
        Measurement("sql in: over bare SQLAlchemy that selects what is new", followed / bare_followed),
        Measurement("sql in: status → daemon → journal, durable", claimed, unit="a second"),
        Measurement("sql in: over bare SQLAlchemy that claims and marks", claimed / bare_claimed),
        Measurement("sql out: deliveries → PostgreSQL", delivered, unit="a second"),
        Measurement("sql out: over bare SQLAlchemy that inserts", delivered / inserts),
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
