"""Deliveries are made by workers that stay, as many at a time as there are deliveries."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest

from tundish.runtime.delivering.lane import Item
from tundish.runtime.delivering.workers import Workers
from tundish.runtime.supervisor import Supervisor
from tundish.telemetry import logger

pytestmark = pytest.mark.anyio


class Desk:
    """Gives out deliveries, and knows what became of them."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.scope = supervisor.scope("a/to/b")
        self.workers = Workers(
            self.scope,
            deliver=self.deliver,
            following=self.following,
            returned=lambda item: self.returned.append(item.seq),
        )
        self.waiting: deque[Item] = deque()
        self.gate = asyncio.Event()
        self.gate.set()
        self.made: list[int] = []
        self.by: set[object] = set()
        self.returned: list[int] = []

    async def deliver(self, item: Item) -> None:
        """Wait for the gate."""
        self.by.add(asyncio.current_task())
        if not self.gate.is_set():
            await self.gate.wait()
        self.made.append(item.seq)

    def following(self) -> Item | None:
        """The next one."""
        return self.waiting.popleft() if self.waiting else None


def item(seq: int) -> Item:
    """A delivery."""
    return Item(seq, "k", 1)


async def turns(count: int = 5) -> None:
    """Let everybody have their turn."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_worker_goes_on_and_then_rests_until_it_is_needed() -> None:
    async with Supervisor(logger()) as supervisor:
        desk = Desk(supervisor)
        desk.waiting.extend(map(item, (2, 3)))
        desk.workers.give(item(1))
        await turns()
        desk.workers.give(item(4))
        await turns()
        assert desk.made == [1, 2, 3, 4]
        assert len(desk.by) == 1
        await desk.scope.stop(1)


async def test_each_delivery_at_the_same_time_has_a_worker() -> None:
    async with Supervisor(logger()) as supervisor:
        desk = Desk(supervisor)
        desk.gate.clear()
        for number in range(3):
            desk.workers.give(item(number))
        await turns()
        assert len(desk.by) == 3
        desk.gate.set()
        await turns()
        assert desk.made == [0, 1, 2]
        await desk.scope.stop(1)


async def test_others_have_their_turn_between_deliveries_that_never_wait() -> None:
    async with Supervisor(logger()) as supervisor:
        desk = Desk(supervisor)
        desk.waiting.extend(map(item, range(1, 100)))
        desk.workers.give(item(0))
        await turns()
        assert 0 < len(desk.made) < 10
        await desk.scope.stop(1)


async def test_what_nobody_began_is_given_back() -> None:
    async with Supervisor(logger()) as supervisor:
        desk = Desk(supervisor)
        desk.workers.give(item(1))
        await turns()
        desk.workers.give(item(2))
        await desk.scope.stop(1)
        assert (desk.made, desk.returned) == ([1], [2])
        desk.waiting.append(item(4))
        desk.workers.give(item(3))
        await asyncio.sleep(0)
        await desk.scope.stop(1)
        assert (desk.made, desk.returned) == ([1, 3], [2, 4])
