"""Many units wait for the journal together, and none overtakes another."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.errors import Backpressure
from tundish.model import Acceptance, Unit
from tundish.sdk import Arrivals, Context, Intake, accept_patiently
from tundish.telemetry import logger

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class SlowIntake(Intake):
    """Takes a while for each unit, and refuses some when they enter."""

    def __init__(self, seed: int, refused: set[int]) -> None:
        self._dice = Random(seed)  # noqa: S311 - a test that repeats itself, not a secret
        self._refused = refused
        self.entered: list[int] = []
        self.now = 0
        self.most = 0

    def hand_over(self, unit: Unit) -> asyncio.Future[Acceptance]:
        """Refuse at the entry, as a journal's quota does, or wait for the disk."""
        assert isinstance(unit.body, bytes)
        number = int(unit.body)
        if number in self._refused:
            self._refused.discard(number)
            raise Backpressure("full", 0.001)
        self.entered.append(number)
        self.now += 1
        self.most = max(self.most, self.now)
        return asyncio.get_running_loop().create_task(self._write(number))

    async def _write(self, number: int) -> Acceptance:
        for _ in range(self._dice.randrange(5)):
            await asyncio.sleep(0)
        self.now -= 1
        return Acceptance("accepted", (number,))

    async def cursor(self) -> bytes | None:
        """None."""
        return None


def context(group: asyncio.TaskGroup, tasks: list[asyncio.Task[None]]) -> Context:
    """Tasks that the test ends."""

    def start(work: Coroutine[Any, Any, None], *, name: str) -> None:
        tasks.append(group.create_task(work, name=name))

    return Context(name="a/from", log=logger(), start=start, data=Path())


async def run(intake: SlowIntake, count: int, at_once: int) -> list[int]:
    """The numbers in the order of their acknowledgements."""
    acknowledged: list[int] = []
    tasks: list[asyncio.Task[None]] = []
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        arrivals = Arrivals(intake)
        arrivals.start(context(group, tasks), at_once)
        for number in range(count):
            arrivals.add(Unit(b"%d" % number, NOW), lambda acceptance: acknowledged.append(acceptance.ids[0]))
            if number % 3 == 0:
                await asyncio.sleep(0)
        while arrivals.unacknowledged:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.001)
        for task in tasks:
            task.cancel()
    return acknowledged


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(1, 40),
    at_once=st.integers(1, 12),
    refused=st.sets(st.integers(0, 39), max_size=5),
)
def test_units_enter_and_are_acknowledged_in_the_order_of_arrival(
    seed: int, count: int, at_once: int, refused: set[int]
) -> None:
    intake = SlowIntake(seed, set(refused))
    assert asyncio.run(run(intake, count, at_once)) == list(range(count))
    assert intake.entered == list(range(count))
    assert intake.most <= at_once


async def test_many_wait_at_the_same_time() -> None:
    intake = SlowIntake(1, set())
    await run(intake, 100, 16)
    assert intake.most > 3


async def test_a_unit_at_a_time_waits_out_back_pressure() -> None:
    intake = SlowIntake(1, {7})
    acceptance = await accept_patiently(intake, Unit(b"7", NOW))
    assert acceptance.ids == (7,)
