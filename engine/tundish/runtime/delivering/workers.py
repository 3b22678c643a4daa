"""The workers of an outlet: tasks that make one delivery after the other, since a task costs more than most of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tundish.runtime.delivering.lane import Item
from tundish.runtime.supervisor import Scope


class Workers:
    """As many as were ever needed at the same time; those without a delivery rest."""

    def __init__(
        self,
        scope: Scope,
        *,
        deliver: Callable[[Item], Awaitable[None]],
        following: Callable[[], Item | None],
        returned: Callable[[Item], None],
    ) -> None:
        """`following` gives a worker that has ended a delivery the next one, `returned` takes one that nobody began."""
        self._scope = scope
        self._deliver = deliver
        self._following = following
        self._returned = returned
        self._resting: list[asyncio.Future[Item]] = []

    def give(self, item: Item) -> None:
        """Let somebody make this delivery."""
        if self._resting:
            self._resting.pop().set_result(item)
        else:
            self._scope.start(self._work(item), name="deliveries")

    async def _work(self, item: Item) -> None:
        while True:
            await self._deliver(item)
            following = self._following()
            item = await self._rest() if following is None else await self._after_others(following)

    async def _rest(self) -> Item:
        given: asyncio.Future[Item] = asyncio.get_running_loop().create_future()
        self._resting.append(given)
        try:
            return await given
        except asyncio.CancelledError:
            if given.cancelled():
                self._resting.remove(given)
            else:
                self._returned(given.result())
            raise

    async def _after_others(self, item: Item) -> Item:
        """A destination that never waits must not keep everybody else from their turn."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._returned(item)
            raise
        return item
