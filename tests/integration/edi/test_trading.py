"""Two partners over files: orders go out numbered, come in once, and are acknowledged."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from io import StringIO
from pathlib import Path

import pytest
import structlog

from tundish.config import load_project
from tundish.plan import compile_project
from tundish.runtime.control.client import request
from tundish.runtime.daemon import Daemon, Options
from tundish.runtime.supervisor import Supervisor
from tundish.telemetry import configure_logs, logger

pytestmark = pytest.mark.anyio

FOLDERS = """\
connections:
  orders: {{file: {{folder: {root}/orders}}}}
  buyer-out: {{file: {{folder: {root}/wire/to-supplier}}}}
  buyer-in: {{file: {{folder: {root}/wire/to-buyer}}}}
  supplier-in: {{file: {{folder: {root}/wire/to-supplier}}}}
  supplier-out: {{file: {{folder: {root}/wire/to-buyer}}}}
  erp: {{file: {{folder: {root}/erp}}}}
"""
BUYER = """\
route: purchase-orders
from:
  file: {connection: orders, poll: 50ms, settle: 0s, pattern: "*.json"}
  format: json
key: BEG.BEG03
once: [BEG.BEG03]
to:
  supplier:
    file: {connection: buyer-out, name: "{{ id }}.edi"}
    format: {x12: {sender: {id: BUYER}, receiver: {id: SUPPLIER}}}
    acknowledged_within: ACKNOWLEDGED
"""
ANSWERS = """\
route: answers
from:
  file: {connection: buyer-in, poll: 50ms, settle: 0s, pattern: "*.edi"}
  format: x12
to:
  erp:
    file: {connection: erp, name: "answer-{{ interchange.reference }}-{{ id }}.json"}
"""
SUPPLIER = """\
route: incoming-orders
from:
  file: {connection: supplier-in, poll: 50ms, settle: 0s, pattern: "*.edi"}
  format: x12
key: BEG03
to:
  erp:
    file: {connection: erp, name: "order-{{ BEG03 }}.json"}
  acknowledgement:
    file: {connection: supplier-out, name: "997-{{ answers }}-{{ id }}.edi"}
    format: x12
    takes: acknowledgements
"""


def project(root: Path, **routes: str) -> Path:
    """Write a project with these routes."""
    folder = root / "project"
    for name, text in {"tundish": "tundish: 1\n", "connections/f": FOLDERS.format(root=root), **routes}.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in ("orders", "wire/to-supplier", "wire/to-buyer", "erp"):
        (root / name).mkdir(parents=True, exist_ok=True)
    return folder


@asynccontextmanager
async def running(folder: Path, data: Path) -> AsyncIterator[Daemon]:
    """A daemon on a project."""
    daemon = Daemon(lambda: compile_project(load_project(folder)), data, Options(watch_every=0.2))
    async with Supervisor(logger()) as supervisor:
        scope = supervisor.scope("test")
        scope.start(daemon.run(), name="daemon")
        await until(lambda: daemon.state == "ready")
        try:
            yield daemon
        finally:
            daemon.stop()
            await scope.stop(10.0)


async def until(condition: Callable[[], object], within: float = 15.0) -> None:
    """Wait for something that another task does."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


def order(number: str) -> dict[str, object]:
    """A purchase order as a mapping would make it."""
    return {
        "type": "850",
        "BEG": {"BEG01": "00", "BEG02": "NE", "BEG03": number, "BEG05": "20261121"},
        "loops": {"PO1": [{"PO1": {"PO101": "1", "PO102": 5, "PO103": "EA", "PO106": "BP", "PO107": "A-1"}}]},
        "CTT": {"CTT01": 1},
    }


def drop(root: Path, folder: str, name: str, content: str) -> None:
    """Put a file there, whole."""
    (root / folder / f"{name}.tmp").write_text(content)
    (root / folder / f"{name}.tmp").rename(root / folder / name)


def found(root: Path, pattern: str) -> list[str]:
    """Names of files that are there."""
    return sorted(path.name for path in root.glob(pattern))


async def test_orders_go_out_come_in_and_are_acknowledged(tmp_path: Path) -> None:
    buyer = BUYER.replace("ACKNOWLEDGED", "1h")
    folder = project(tmp_path, **{"routes/out": buyer, "routes/in": SUPPLIER, "routes/answers": ANSWERS})
    async with running(folder, tmp_path / "data") as daemon:
        for number in range(1, 4):
            drop(tmp_path, "orders", f"{number}.json", json.dumps(order(f"PO-{number}")))
        await until(lambda: len(found(tmp_path, "erp/order-*.json")) == 3)
        await until(lambda: len(found(tmp_path, "erp/answer-*.json")) == 3)
        assert await daemon.journal.overdue(time.time_ns() // 1_000_000 + 7_200_000) == []
        totals = {total.route: total for total in await daemon.journal.ask(lambda reader: reader.totals())}
        assert all(total.balanced for total in totals.values())
        assert totals["incoming-orders"].accepted == 6  # three orders, three acknowledgements
    answer = json.loads((tmp_path / "erp" / found(tmp_path, "erp/answer-*.json")[0]).read_text())
    assert answer["type"] == "997"
    assert answer["AK901"] == "A"
    assert answer["interchange"]["sender"] == "SUPPLIER"


async def test_an_interchange_is_taken_once_and_a_bad_one_is_refused(tmp_path: Path) -> None:
    folder = project(tmp_path, **{"routes/in": SUPPLIER})
    body = (
        "ISA*00*          *00*          *ZZ*BUYER          *ZZ*SUPPLIER       *261121*1200*U*00401*000000009*0*P*>~"
        "GS*PO*BUYER*SUPPLIER*20261121*1200*9*X*004010~ST*850*0001~BEG*00*NE*PO-9**20261121~SE*3*0001~"
        "ST*850*0002~BEG*00*NE*PO-10**20261121~SE*9*0002~GE*2*9~IEA*1*000000009~"
    )
    async with running(folder, tmp_path / "data") as daemon:
        drop(tmp_path, "wire/to-supplier", "first.edi", body)
        await until(lambda: found(tmp_path, "wire/to-buyer/*.edi"))
        drop(tmp_path, "wire/to-supplier", "again.edi", body + "\n")
        await until(lambda: len(found(tmp_path, "wire/to-supplier/done/**/*.edi")) == 2)
        (total,) = await daemon.journal.ask(lambda reader: reader.totals())
        assert (total.accepted, total.duplicates) == (2, 2)
        assert total.unreadable >= 1
    assert found(tmp_path, "erp/*.json") == ["order-PO-9.json"]
    (name,) = found(tmp_path, "wire/to-buyer/*.edi")
    assert "AK2*850*0002~AK5*R*4~AK9*P*2*2*1~" in (tmp_path / "wire/to-buyer" / name).read_text()


async def test_a_resend_keeps_bytes_and_control_number(tmp_path: Path) -> None:
    folder = project(tmp_path, **{"routes/out": BUYER.replace("ACKNOWLEDGED", "1h")})
    wire, data = tmp_path / "wire/to-supplier", tmp_path / "data"
    async with running(folder, data):
        drop(tmp_path, "orders", "1.json", json.dumps(order("PO-1")))
        await until(lambda: found(wire, "*.edi"))
        (first,) = wire.glob("*.edi")
        sent = first.read_bytes()
        # Something else has taken the name of the next one, so that it becomes a dead letter with its number.
        (wire / "2.edi").write_text("in the way")
        drop(tmp_path, "orders", "2.json", json.dumps(order("PO-2")))
        drop(tmp_path, "orders", "3.json", json.dumps(order("PO-3")))
        await until((wire / "3.edi").exists)
        (wire / "2.edi").unlink()
        await asyncio.to_thread(request, data, "replay", state="dead", by="test")
        await until((wire / "2.edi").exists)
    assert first.read_bytes() == sent
    assert [(wire / f"{seq}.edi").read_text()[90:99] for seq in (1, 2, 3)] == ["000000001", "000000002", "000000003"]


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the daemon says, as JSON lines."""
    stream = StringIO()
    configure_logs("json", stream=stream)
    yield stream
    structlog.reset_defaults()


async def test_an_overdue_acknowledgement_is_an_alarm(tmp_path: Path, log: StringIO) -> None:
    folder = project(tmp_path, **{"routes/out": BUYER.replace("ACKNOWLEDGED", "200ms")})
    async with running(folder, tmp_path / "data"):
        drop(tmp_path, "orders", "1.json", json.dumps(order("PO-1")))
        await until(lambda: found(tmp_path, "wire/to-supplier/*.edi"))
        await asyncio.sleep(1.0)
    lines = [json.loads(line) for line in log.getvalue().splitlines() if line.startswith("{")]
    overdue = [line for line in lines if line["event"] == "acknowledgement.overdue"]
    assert [(line["series"], line["number"]) for line in overdue] == [("x12/BUYER/SUPPLIER", 1)]
