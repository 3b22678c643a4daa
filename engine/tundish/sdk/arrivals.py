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
from dataclasses import dataclass
from functools import partial

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


@dataclass(slots=True, eq=False)
class _Arrival:
    number: int
    unit: Unit
    acknowledge: Callable[[Acceptance], None]
    acceptance: Acceptance | None = None


class Arrivals:
    """Units between their arrival and their acknowledgement, for one life of a source: made in `run`, never kept."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._loop = asyncio.get_running_loop()
        self._count = 0
        self._waiting: list[tuple[int, _Arrival]] = []
        """Not handed over yet: a heap by number."""
        self._unacknowledged: deque[_Arrival] = deque()
        self._at_once = 0
        """0 until it is started, and from its end on."""
        self._in_hand = 0
        """Units that the intake has and that are not on disk yet."""
        self._pause: asyncio.TimerHandle | None = None
        self._failed: asyncio.Future[None] = self._loop.create_future()

    @property
    def unacknowledged(self) -> int:
        """How many units arrived and are not acknowledged yet."""
        return len(self._unacknowledged)

    def add(self, unit: Unit, acknowledge: Callable[[Acceptance], None]) -> None:
        """Take a unit, at once; `acknowledge` is called when it is durable and every earlier one is acknowledged."""
        self._count += 1
        arrival = _Arrival(self._count, unit, acknowledge)
        self._unacknowledged.append(arrival)
        if self._may_hand_over and not self._waiting:
            self._give(arrival)
        else:
            heapq.heappush(self._waiting, (arrival.number, arrival))

    def start(self, context: Context, at_once: int) -> None:
        """Hand up to `at_once` units over at the same time, until the component is closed."""
        self._at_once = at_once
        context.start(self._watch(), name="arrivals")

    async def _watch(self) -> None:
        """Raises what the intake or an acknowledgement raised, so that the source is lost; nothing goes on then."""
        self._hand_over()
        try:
            await self._failed
        finally:
            self._at_once = 0
            if self._pause is not None:
                self._pause.cancel()

    @property
    def _may_hand_over(self) -> bool:
        return self._in_hand < self._at_once and self._pause is None

    def _hand_over(self) -> None:
        while self._waiting and self._may_hand_over:
            self._give(heapq.heappop(self._waiting)[1])

    def _give(self, arrival: _Arrival) -> None:
        self._in_hand += 1
        try:
            accepted = self._intake.hand_over(arrival.unit)
        except Exception as error:  # noqa: BLE001 - its class decides, here as behind the disk
            self._refused(arrival, error)
        else:
            accepted.add_done_callback(partial(self._is_accepted, arrival))

    def _is_accepted(self, arrival: _Arrival, accepted: asyncio.Future[Acceptance]) -> None:
        error = None if accepted.cancelled() else accepted.exception()
        if not self._at_once or accepted.cancelled():
            return
        if error is not None:
            self._refused(arrival, error)
            return
        self._in_hand -= 1
        arrival.acceptance = accepted.result()
        try:
            self._acknowledge()
        except Exception as fault:  # noqa: BLE001 - a source that cannot acknowledge is lost
            self._fail(fault)
        self._hand_over()

    def _refused(self, arrival: _Arrival, error: BaseException) -> None:
        """Put a refused unit back in its place, and let nothing overtake it meanwhile."""
        self._in_hand -= 1
        heapq.heappush(self._waiting, (arrival.number, arrival))
        if not isinstance(error, Backpressure):
            self._fail(error)
        elif self._pause is None:
            self._pause = self._loop.call_later(error.seconds, self._go_on)

    def _go_on(self) -> None:
        self._pause = None
        self._hand_over()

    def _fail(self, error: BaseException) -> None:
        self._at_once = 0
        if not self._failed.done():
            self._failed.set_exception(error)

    def _acknowledge(self) -> None:
        while self._unacknowledged and (acceptance := self._unacknowledged[0].acceptance) is not None:
            self._unacknowledged.popleft().acknowledge(acceptance)
