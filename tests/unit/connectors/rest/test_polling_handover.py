"""Pages between their arrival and the journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conformance.stand import Held, RecordingIntake, until
from tundish_connectors.rest.polling.handover import COMPANY, MOST_BYTES, MOST_RECORDS, Handover, Taken
from tundish_connectors.rest.polling.position import At, Position, position_of

pytestmark = pytest.mark.anyio


def page(number: int, records: int = 1, size: int = 10) -> Taken:
    """A page whose records say where they come from."""
    lines = [b"%d.%d\n" % (number, record) for record in range(records)]
    return Taken(lines, {"page": number}, Position(at=At(pages=number)), size)


@asynccontextmanager
async def handing(intake: RecordingIntake, folder: Path) -> AsyncIterator[tuple[Handover, asyncio.TaskGroup]]:
    """A handover of a source, and where a test may start others."""
    async with asyncio.TaskGroup() as group:
        held = Held(group, "orders/from", folder)
        yield Handover(intake, held.context), group
        await held.stop_tasks()


async def test_pages_that_come_shortly_after_each_other_share_a_unit(tmp_path: Path) -> None:
    intake = RecordingIntake()
    async with handing(intake, tmp_path) as (handover, _):
        for number in (1, 2, 3):
            await handover.put(page(number))
        assert not intake.offered
        await intake.wait_for(1)
        await handover.put(page(4))
        await handover.flush()
    assert [unit.body for unit in intake.accepted] == [b"1.0\n2.0\n3.0\n", b"4.0\n"]
    assert [unit.meta["page"] for unit in intake.accepted] == [1, 4]
    reached = [position_of(unit.cursor, b"").at for unit in intake.accepted]
    assert [at.pages for at in reached if at is not None] == [3, 4]


@pytest.mark.parametrize(("records", "size"), [(MOST_RECORDS, 10), (1, MOST_BYTES)])
async def test_no_more_is_taken_than_three_units_hold(records: int, size: int, tmp_path: Path) -> None:
    intake = RecordingIntake()
    intake.gate.clear()
    async with handing(intake, tmp_path) as (handover, group):
        for number in (1, 2):
            await handover.put(page(number, records, size))
        waiting = group.create_task(handover.put(page(3, records, size)))
        await asyncio.sleep(0.05)
        assert len(intake.offered) == 2
        assert not waiting.done()
        intake.gate.set()
        await waiting
        await handover.flush()
    assert [unit.meta["page"] for unit in intake.accepted] == [1, 2, 3]


async def test_back_pressure_keeps_the_order(tmp_path: Path) -> None:
    intake = RecordingIntake(refusals=3)
    async with handing(intake, tmp_path) as (handover, _):
        for number in range(1, 6):
            await handover.put(page(number))
            await asyncio.sleep(COMPANY)
        await handover.flush()
    assert b"".join(unit.body for unit in intake.accepted if isinstance(unit.body, bytes)) == b"".join(
        b"%d.0\n" % number for number in range(1, 6)
    )


async def test_flush_waits_for_what_is_being_written(tmp_path: Path) -> None:
    intake = RecordingIntake()
    intake.gate.clear()
    async with handing(intake, tmp_path) as (handover, group):
        await handover.put(page(1))
        flushed = group.create_task(handover.flush())
        await asyncio.sleep(0.05)
        assert not flushed.done()
        intake.gate.set()
        await flushed
        await until(lambda: len(intake.accepted) == 1)
