"""The example, run by the daemon as its README says."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    """What a database holds."""
    with closing(sqlite3.connect(file)) as session:
        return session.execute(query).fetchall()


def wait(condition: Callable[[], bool]) -> None:
    """Until it is true."""
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_shipments_reach_the_erp_and_items_the_warehouse_once(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(ROOT / "examples" / "sql-outbox", project)
    connections = project / "connections" / "databases.yaml"
    connections.write_text(connections.read_text("utf-8").replace("/tmp/", f"{tmp_path}/"), "utf-8")
    warehouse, erp = tmp_path / "warehouse.db", tmp_path / "erp.db"
    for file in (warehouse, erp):
        with closing(sqlite3.connect(file)) as session:
            session.executescript((project / f"{file.stem}.sql").read_text("utf-8"))
    command = [Path(sys.executable).with_name("tundish"), "run", project, "--data", tmp_path / "data"]
    for _ in range(2):
        daemon = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            wait(lambda: len(rows(erp, "SELECT * FROM shipments")) == 2)
            wait(lambda: len(rows(warehouse, "SELECT * FROM items")) == 3)
            wait(lambda: rows(warehouse, "SELECT * FROM outbox") == [])
        finally:
            daemon.kill()
            daemon.wait(10)
    assert rows(erp, "SELECT shipment, line, item, quantity FROM shipment_lines ORDER BY 1, 2") == [
        ("LS-77", 1, "FG-100", 12.5),
        ("LS-77", 2, "FG-200", 3),
        ("LS-78", 1, "FG-100", 1),
    ]
    assert rows(erp, "SELECT customer_name FROM shipments ORDER BY id") == [("Gear Works",), ("Shaft & Sons",)]
    assert rows(warehouse, "SELECT id, weight FROM items ORDER BY id") == [
        ("FG-100", 1.25),
        ("FG-200", 3.1),
        ("FG-300", 0.8),
    ]
