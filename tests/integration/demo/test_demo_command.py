"""`tundish demo`, as a stranger types it: the real daemon, real peers, three books compared."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TUNDISH = Path(sys.executable).with_name("tundish")

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demonstration leaves what it made."""
    return tmp_path_factory.mktemp("demo") / "plant"


@pytest.fixture(scope="module")
def closing(folder: Path) -> dict[str, object]:
    """The closing table of a short shift."""
    done = subprocess.run(
        [TUNDISH, "demo", "--exit", "--messages", "120", "--seconds", "5", "--json", "--folder", folder],
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    table: dict[str, object] = json.loads(done.stdout)
    return table


def figures(closing: dict[str, object]) -> dict[str, dict[str, int]]:
    """The rows of the closing table by route."""
    rows = closing["routes"]
    assert isinstance(rows, list)
    return {row["route"]: row for row in rows}


def test_nothing_is_missing_and_nothing_came_twice(closing: dict[str, object]) -> None:
    assert closing["missing"] == closing["booked_twice"] == closing["not_balanced"] == []


def test_every_trouble_of_the_plant_left_its_mark(closing: dict[str, object]) -> None:
    rows = figures(closing)
    confirmations = rows["production-confirmation"]
    # One report is cut off, one names an unknown reason, one order is refused: three dead letters at least.
    assert confirmations["dead-lettered"] >= 3
    assert confirmations["held"] > 0
    assert confirmations["deduplicated"] > 0
    assert sum(row["retried"] for row in rows.values()) > 0
    assert rows["scrap-report"]["dead-lettered"] >= 1
    assert rows["customer-order"]["dead-lettered"] >= 1
    assert rows["customer-order"]["deduplicated"] > 0
    assert rows["work-order-release"]["delivered"] == rows["work-order-release"]["accepted"]


def test_the_customer_gets_an_acknowledgement_of_every_interchange(closing: dict[str, object], folder: Path) -> None:
    assert closing["missing"] == []
    sent = {path.stem.rpartition("-")[2] for path in folder.rglob("orders-*.edi")}
    answered = {path.stem.rpartition("-")[2][-6:] for path in folder.rglob("997-*.edi")}
    assert len(sent) >= 2
    assert answered == sent


def test_ctrl_c_ends_it_with_the_closing_table(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [TUNDISH, "demo", "--messages", "60", "--seconds", "60", "--folder", tmp_path / "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stderr is not None
    with demo:
        for line in demo.stderr:
            if "the plant works" in line:
                break
        demo.send_signal(signal.SIGINT)
        told, complained = demo.communicate(timeout=120)
    assert demo.returncode == 0, told + complained
    assert "missing: 0" in told
    assert (tmp_path / "demo" / "data" / "journal.db").exists()
