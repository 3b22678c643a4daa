"""Hands units over in the order of their arrival, many at a time, and acknowledges them in that order.

A journal writes whatever arrived during its last sync at once, so a source that waits for each unit by itself would be
as slow as the disk. Here many units wait together, yet none overtakes another: a unit that meets back-pressure stops
those behind it.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tundish.errors import Backpressure
from tundish.model import Acceptance, Unit
from tundish.sdk.contract import Context, Intake


async def accept_patiently(intake: Intake, unit: Unit) -> Acceptance:
    """Accept one unit, and wait while there is back-pressure. For sources that have one unit in hand at a time."""
    while True:
        try:
            return await intake.accept(unit)
        except Backpressure as full:
            await asyncio.sleep(full.seconds)


@dataclass(order=True, slots=True)
class _Arrival:
    number: int
    unit: Unit = field(compare=False)
    acknowledge: Callable[[Acceptance], None] = field(compare=False)
    acceptance: Acceptance | None = field(default=None, compare=False)


class Arrivals:
    """Units between their arrival and their acknowledgement, for one life of a source: made in `run`, never kept."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._count = 0
        self._unaccepted: list[_Arrival] = []
        self._unacknowledged: deque[_Arrival] = deque()
        self._work = asyncio.Semaphore(0)
        self._flowing = asyncio.Event()
        self._flowing.set()

    @property
    def unacknowledged(self) -> int:
        """How many units arrived and are not acknowledged yet."""
        return len(self._unacknowledged)

    def add(self, unit: Unit, acknowledge: Callable[[Acceptance], None]) -> None:
        """Take a unit, at once; `acknowledge` is called when it is durable and every earlier one is acknowledged."""
        self._count += 1
        arrival = _Arrival(self._count, unit, acknowledge)
        self._unacknowledged.append(arrival)
        heapq.heappush(self._unaccepted, arrival)
        self._work.release()

    def start(self, context: Context, at_once: int) -> None:
        """Accept up to `at_once` units at the same time, until the component is closed."""
        for number in range(at_once):
            context.start(self._accept(), name=f"accept {number}")

    async def _accept(self) -> None:
        while True:
            await self._work.acquire()
            await self._flowing.wait()
            # Nothing is awaited between here and the call of `accept`, so units enter in the order of their numbers.
            arrival = heapq.heappop(self._unaccepted)
            try:
                arrival.acceptance = await self._intake.accept(arrival.unit)
            except Backpressure as full:
                await self._wait(arrival, full.seconds)
            else:
                self._acknowledge()

    async def _wait(self, refused: _Arrival, seconds: float) -> None:
        """Put a refused unit back in its place, and let nothing overtake it meanwhile."""
        heapq.heappush(self._unaccepted, refused)
        self._work.release()
        if self._flowing.is_set():
            self._flowing.clear()
            await asyncio.sleep(seconds)
            self._flowing.set()

    def _acknowledge(self) -> None:
        while self._unacknowledged and (acceptance := self._unacknowledged[0].acceptance) is not None:
            self._unacknowledged.popleft().acknowledge(acceptance)
