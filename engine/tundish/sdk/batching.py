"""Carries messages that are delivered at the same time to the peer together, where one round trip holds many."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from tundish.errors import DeliveryError, Transient, Unknown
from tundish.model import Outgoing, Receipt
from tundish.sdk.contract import Context

Send: TypeAlias = Callable[[Sequence[Outgoing]], Awaitable[Sequence[Receipt | DeliveryError]]]
"""Sends messages together: one outcome for each, in their order. What it raises holds for all of them."""

_Waiting: TypeAlias = tuple[Outgoing, "asyncio.Future[Receipt]"]


class Batches:
    """The deliveries of one destination between their call and their batch; made in `open`, closed in `close`.

    Messages of one key never share a batch, since the next is delivered after the one before it. A batch takes what is
    waiting when the one before it is done: nobody waits for a batch to fill, unless `within` asks for it.
    """

    def __init__(self, send: Send, *, most: int, within: float = 0.0) -> None:
        """`most` messages in a batch; `within` seconds a batch that is not full waits for more."""
        self._send = send
        self._most = most
        self._within = within
        self._waiting: deque[_Waiting] = deque()
        self._work = asyncio.Event()
        self._full = asyncio.Event()
        self._closed = False

    def start(self, context: Context, at_once: int = 1) -> None:
        """Carry up to `at_once` batches at the same time, until the component is closed."""
        for number in range(at_once):
            context.start(self._carry_all(), name=f"batches {number}")

    def close(self) -> None:
        """Let nobody wait: what was not sent is Transient."""
        self._closed = True
        while self._waiting:
            _, future = self._waiting.popleft()
            _settle(future, Transient("the destination is being closed"))

    async def deliver(self, message: Outgoing) -> Receipt:
        """Wait until a batch has carried it. Raises the DeliveryError that `send` has for it."""
        if self._closed:
            raise Transient("the destination is being closed")
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, future))
        self._work.set()
        if len(self._waiting) >= self._most:
            self._full.set()
        return await future

    async def _carry_all(self) -> None:
        while True:
            await self._work.wait()
            if self._within and len(self._waiting) < self._most:
                await self._fill()
            batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            if not self._waiting:
                self._work.clear()
            if len(self._waiting) < self._most:
                self._full.clear()
            if wanted := [one for one in batch if not one[1].done()]:
                await self._carry(wanted)

    async def _fill(self) -> None:
        try:
            async with asyncio.timeout(self._within):
                await self._full.wait()
        except TimeoutError:
            pass  # a batch that is not full goes now

    async def _carry(self, batch: list[_Waiting]) -> None:
        outcomes: Sequence[Receipt | DeliveryError] = [Unknown("the sending was broken off")] * len(batch)
        try:
            outcomes = await self._send([message for message, _ in batch])
        except DeliveryError as error:
            outcomes = [error] * len(batch)
        finally:
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                _settle(future, outcome)


def _settle(future: asyncio.Future[Receipt], outcome: Receipt | DeliveryError) -> None:
    if future.done():
        return  # whoever waited was cancelled
    if isinstance(outcome, DeliveryError):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
