"""A file that is larger than the daemon's memory goes through a route, also where the daemon is killed meanwhile.

By hand, once for each release: `TUNDISH_STREAM_MB=1000 pytest tests/integration/streaming -k table -s`, and the same
with 500 and `-k interchange`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.benchmark.plant_files import csv_confirmations, edifact_orders
from tests.integration.streaming.plant_and_sink import Process, Sink, Site, megabytes

BY_HAND = megabytes(0) > 100

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(7200 if BY_HAND else 300)]

MEGABYTE = 1_000_000
MOST_MEMORY = (300 if BY_HAND else 200) * MEGABYTE
"""An interpreter that has loaded everything takes ninety of them."""
KILLS = 4
UNCONFIRMED = 16 + 512
"""Deliveries whose receipt may not be on disk when the process dies: in flight, and on their way to the disk."""


@dataclass(frozen=True, slots=True)
class Case:
    """One large file, and the route for it."""

    name: str
    size: int
    format: str
    key: str
    fields: str
    mark: bytes
    """Stands once in each message."""

    def parts(self) -> Iterator[bytes]:
        """The file's content."""
        if self.name == "table":
            return csv_confirmations(self.size, width=1000)
        return edifact_orders(self.size)

    def count(self) -> int:
        """How many messages there are in it."""
        return sum(part.count(self.mark) for part in self.parts())


CASES = [
    Case(
        "table",
        megabytes(15) * MEGABYTE,
        "{csv: {delimiter: ';'}}",
        "material",
        "{number: order, material: material, quantity: decimal(quantity), remark: remark}",
        b"2026-11-21T06:",
    ),
    Case(
        "interchange",
        megabytes(10) * MEGABYTE,
        "edifact",
        "BGM02",
        "{number: reference, order: BGM02, lines: {each: loops.LIN, fields: {item: LIN03}}}",
        b"BGM+220+",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_kills_lose_nothing_and_repeat_nothing(case: Case, tmp_path: Path) -> None:
    site, expected = Site(tmp_path), case.count()
    site.write(format_=case.format, key=case.key, fields=case.fields)
    sink, daemon = Sink(expected), Process(site)
    size = site.drop(case.name, case.parts())
    begun = time.monotonic()
    async with sink.listening(site.port):
        try:
            for life in range(1, KILLS + 2):
                sink.life = life
                await daemon.start()
                while sink.distinct < expected * life / (KILLS + 1) or (life > KILLS and site.totals().open):
                    daemon.note_memory()
                    await asyncio.sleep(0.2)
                if life <= KILLS:
                    await daemon.kill()
            seconds = time.monotonic() - begun
            totals = site.totals()
            (archived,) = (tmp_path / "inbox" / "done").rglob(case.name)
        finally:
            await daemon.stop()
    print(
        f"{case.name}: {size / MEGABYTE:.0f} MB, {expected} messages, {seconds:.0f} s, {KILLS} kills, "
        f"{sink.again} came again under their ids, peak {daemon.peak / MEGABYTE:.0f} MB"
    )
    assert not sink.wrong, sink.wrong[:5]
    assert sink.distinct == expected == totals.accepted
    assert sink.again <= KILLS * UNCONFIRMED
    assert totals.balanced
    assert archived.stat().st_size == size
    assert daemon.peak < MOST_MEMORY


async def test_a_file_waits_for_the_destination(tmp_path: Path) -> None:
    backlog = 2000
    site, case = Site(tmp_path), CASES[0]
    expected = case.count()
    site.write(format_=case.format, key=case.key, fields=case.fields)
    sink, daemon = Sink(expected), Process(site, backlog=backlog)
    sink.open.clear()
    async with sink.listening(site.port):
        try:
            await daemon.start()
            site.drop(case.name, case.parts())
            while site.totals().accepted < backlog:  # noqa: ASYNC110 - the ledger announces nothing
                await asyncio.sleep(0.1)
            await asyncio.sleep(1.0)
            # It is asked before each batch of 500.
            assert backlog <= site.totals().accepted < backlog + 500
            assert not list((tmp_path / "inbox" / "done").rglob(case.name))
            sink.open.set()
            while site.totals().accepted < 3 * backlog:
                daemon.note_memory()
                await asyncio.sleep(0.1)
        finally:
            await daemon.stop()
    assert not sink.wrong, sink.wrong[:5]
    assert daemon.peak < MOST_MEMORY
