"""Many units wait for the journal together, and none overtakes another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.errors import Backpressure, NotConnected
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

    async def keep(self, cursor: bytes) -> None:
        """Nobody asks for it."""


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


class BrokenIntake(SlowIntake):
    """Meets a fault that is no back-pressure, at once or behind the disk."""

    def __init__(self, broken: int, *, at_once: bool) -> None:
        super().__init__(1, set())
        self._broken = broken
        self._at_once = at_once

    def hand_over(self, unit: Unit) -> asyncio.Future[Acceptance]:
        """Break at one unit."""
        if unit.body != b"%d" % self._broken:
            return super().hand_over(unit)
        if self._at_once:
            raise NotConnected("gone")
        broken: asyncio.Future[Acceptance] = asyncio.get_running_loop().create_future()
        broken.set_exception(NotConnected("gone"))
        return broken


def numbered(number: int) -> Unit:
    """A unit with its number as its body."""
    return Unit(b"%d" % number, NOW)


async def arriving(intake: SlowIntake, acknowledge: Callable[[Acceptance], None]) -> tuple[Arrivals, list[Exception]]:
    """Ten units, and what their source was lost for."""
    tasks: list[asyncio.Task[None]] = []
    lost: list[Exception] = []

    async def guarded(work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except NotConnected as error:
            lost.append(error)

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        arrivals = Arrivals(intake)

        def start(work: Coroutine[Any, Any, None], *, name: str) -> None:
            tasks.append(group.create_task(guarded(work), name=name))

        arrivals.start(Context(name="a/from", log=logger(), start=start, data=Path()), 4)
        for number in range(10):
            arrivals.add(numbered(number), acknowledge)
        await tasks[0]
    return arrivals, lost


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_fault_of_the_intake_loses_the_source_and_nothing_overtakes(at_once: bool) -> None:
    acknowledged: list[int] = []
    intake = BrokenIntake(5, at_once=at_once)
    arrivals, lost = await arriving(intake, lambda acceptance: acknowledged.append(acceptance.ids[0]))
    assert [str(error) for error in lost] == ["gone"]
    assert acknowledged == list(range(len(acknowledged)))
    assert arrivals.unacknowledged >= 5
    entered = list(intake.entered)
    arrivals.add(numbered(10), lambda acceptance: acknowledged.append(acceptance.ids[0]))
    await asyncio.sleep(0.01)
    assert intake.entered == entered
    assert max(acknowledged, default=0) < 5


async def test_a_peer_that_cannot_be_told_loses_the_source() -> None:
    def acknowledge(acceptance: Acceptance) -> None:
        raise NotConnected("the peer is gone")

    arrivals, lost = await arriving(SlowIntake(1, set()), acknowledge)
    assert [str(error) for error in lost] == ["the peer is gone"]
    assert arrivals.unacknowledged == 9


async def test_a_closed_source_acknowledges_nothing() -> None:
    acknowledged: list[int] = []
    tasks: list[asyncio.Task[None]] = []
    intake = SlowIntake(1, set())
    async with asyncio.TaskGroup() as group:
        arrivals = Arrivals(intake)
        arrivals.start(context(group, tasks), 2)
        for number in range(5):
            arrivals.add(numbered(number), lambda acceptance: acknowledged.append(acceptance.ids[0]))
        await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.sleep(0.02)
    assert (intake.entered, acknowledged) == ([0, 1], [])


async def test_what_waits_out_back_pressure_is_left_where_the_source_closes() -> None:
    tasks: list[asyncio.Task[None]] = []
    intake = SlowIntake(1, {0})
    async with asyncio.TaskGroup() as group:
        arrivals = Arrivals(intake)
        arrivals.start(context(group, tasks), 2)
        arrivals.add(numbered(0), lambda acceptance: None)
        await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.sleep(0.02)
    assert intake.entered == []
