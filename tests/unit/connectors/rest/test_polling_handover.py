"""Pages between their arrival and the journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.conformance.stand import RecordingIntake, until
from tundish_connectors.rest.polling.handover import MOST_BYTES, MOST_RECORDS, Handover, Taken
from tundish_connectors.rest.polling.position import At, Position, position_of

pytestmark = pytest.mark.anyio


def page(number: int, records: int = 1, size: int = 10) -> Taken:
    """A page whose records say where they come from."""
    lines = [b"%d.%d\n" % (number, record) for record in range(records)]
    return Taken(lines, {"page": number}, Position(at=At(pages=number)), size)


@asynccontextmanager
async def handing(intake: RecordingIntake) -> AsyncIterator[tuple[Handover, asyncio.TaskGroup]]:
    """A handover with its task, and where a test may start others."""
    handover = Handover(intake)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(handover.write())
        yield handover, group
        task.cancel()


async def test_pages_that_come_meanwhile_share_a_unit() -> None:
    intake = RecordingIntake()
    intake.gate.clear()
    async with handing(intake) as (handover, _):
        await handover.put(page(1))
        await intake.wait_for(1, offered=True)
        for number in (2, 3, 4):
            await handover.put(page(number))
        intake.gate.set()
        await handover.flush()
    assert [unit.body for unit in intake.accepted] == [b"1.0\n", b"2.0\n3.0\n4.0\n"]
    assert [unit.meta["page"] for unit in intake.accepted] == [1, 2]
    reached = [position_of(unit.cursor, b"").at for unit in intake.accepted]
    assert [at.pages for at in reached if at is not None] == [1, 4]


@pytest.mark.parametrize(("records", "size"), [(MOST_RECORDS // 2, 10), (1, MOST_BYTES // 2)])
async def test_no_more_is_taken_than_a_unit_holds(records: int, size: int) -> None:
    intake = RecordingIntake()
    intake.gate.clear()
    async with handing(intake) as (handover, group):
        await handover.put(page(1, records, size))
        await intake.wait_for(1, offered=True)
        await handover.put(page(2, records, size))
        waiting = group.create_task(handover.put(page(3, records, size)))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        intake.gate.set()
        await waiting
        await handover.flush()
    assert [unit.meta["page"] for unit in intake.accepted] == [1, 2, 3]


async def test_back_pressure_keeps_the_order() -> None:
    intake = RecordingIntake(refusals=3)
    async with handing(intake) as (handover, _):
        for number in range(1, 6):
            await handover.put(page(number))
        await handover.flush()
    assert b"".join(unit.body for unit in intake.accepted if isinstance(unit.body, bytes)) == b"".join(
        b"%d.0\n" % number for number in range(1, 6)
    )


async def test_flush_waits_for_what_is_being_written() -> None:
    intake = RecordingIntake()
    intake.gate.clear()
    async with handing(intake) as (handover, group):
        await handover.put(page(1))
        await intake.wait_for(1, offered=True)
        flushed = group.create_task(handover.flush())
        await asyncio.sleep(0.05)
        assert not flushed.done()
        intake.gate.set()
        await flushed
        await until(lambda: len(intake.accepted) == 1)
