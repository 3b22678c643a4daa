"""A trading partner that nobody here wrote: order, acknowledgement, answer, ship notice and invoice, over files."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conformance.ports import free_port
from tests.integration.edi.test_trading import drop, running, until

pytestmark = pytest.mark.anyio

PARTNERS = """\
partner: supplier
description: The supplier that the package mock-edi plays.
acknowledged_within: 1h
x12: {version: "004010", sender: {id: ACME}, receiver: {id: MOCKEDI}}
"""
ORDERS = """\
route: purchase-orders
from:
  file: {connection: orders, poll: 50ms, settle: 0s, pattern: "*.json"}
  format: json
key: BEG.BEG03
once: [BEG.BEG03]
to:
  supplier:
    file: {connection: to-supplier, name: "{{ id }}.edi"}
    format: {x12: {partner: supplier}}
"""
ANSWERS = """\
route: answers
from:
  file: {connection: to-us, poll: 50ms, settle: 0s, pattern: "*.edi"}
  format: {x12: {partner: supplier}}
to:
  erp:
    file: {connection: erp, name: "{{ type }}-{{ interchange.reference }}.json"}
  acknowledgement:
    takes: acknowledgements
    file: {connection: to-supplier, name: "997-{{ answers }}.edi"}
    format: {x12: {version: "004010"}}
"""


def order(number: str) -> dict[str, object]:
    """What a mapping makes of an order of 40 brackets that the partner has in its catalogue."""
    line = {"PO101": "1", "PO102": 40, "PO103": "EA", "PO104": "4.15", "PO106": "VP", "PO107": "BRKT-050"}
    return {
        "type": "850",
        "BEG": {"BEG01": "00", "BEG02": "SA", "BEG03": number, "BEG05": "20261121"},
        "loops": {"PO1": [{"PO1": line}]},
        "CTT": {"CTT01": 1},
    }


@asynccontextmanager
async def partner(root: Path) -> AsyncIterator[int]:
    """The partner, in a process of its own; gives the port on which it can be asked what it thinks."""
    port = free_port()
    delays = [part for kind in ("ack", "response", "despatch", "invoice") for part in (f"--{kind}-delay", "0")]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mockedi", "--port", str(port), "--quiet", *delays),
        *("--drop-dir", str(root / "to-supplier"), "--pickup-dir", str(root / "to-us")),
        *("--drop-interval-ms", "100", "--drop-settle-ms", "0"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        process.terminate()
        await process.wait()


def project(root: Path) -> Path:
    """Our side."""
    folder = root / "project"
    names = ("orders", "to-supplier", "to-us", "erp")
    connections = "".join(f"  {name}: {{file: {{folder: {root}/{name}}}}}\n" for name in names)
    files = {
        "tundish": "tundish: 1\n",
        "connections/folders": f"connections:\n{connections}",
        "partners/supplier": PARTNERS,
        "routes/orders": ORDERS,
        "routes/answers": ANSWERS,
    }
    for name, text in files.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in names:
        (root / name).mkdir(exist_ok=True)
    return folder


async def test_an_order_is_acknowledged_answered_shipped_and_invoiced(tmp_path: Path) -> None:
    folder = project(tmp_path)
    erp = tmp_path / "erp"

    def kinds() -> list[str]:
        return sorted(path.name.partition("-")[0] for path in erp.glob("*.json"))

    async with partner(tmp_path), running(folder, tmp_path / "data") as daemon:
        drop(tmp_path, "orders", "1.json", json.dumps(order("PO-77")))
        await until(lambda: kinds() == ["810", "855", "856", "997"], 40)
        await until(lambda: len(list((tmp_path / "to-supplier" / "processed").glob("997-*"))) == 3)
        # It answered in time, and accepted our acknowledgements of its own documents.
        assert await daemon.journal.overdue(time.time_ns() // 1_000_000 + 7_200_000) == []
        assert list((tmp_path / "to-supplier" / "failed").iterdir()) == []
    found = {path.name.partition("-")[0]: json.loads(path.read_text("utf-8")) for path in erp.glob("*.json")}
    assert (found["997"]["AK901"], found["997"]["interchange"]["sender"]) == ("A", "MOCKEDI")
    assert found["855"]["BAK03"] == "PO-77"
    assert found["856"]["type"] == "856"
    assert found["810"]["BIG04"] == "PO-77"
