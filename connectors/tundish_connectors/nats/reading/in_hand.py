"""What the server has handed out to us: acknowledged when it is on disk, kept alive while it is not."""

from __future__ import annotations

import asyncio
from collections import deque

from tundish.errors import NotConnected
from tundish_connectors.nats.messages import ACKNOWLEDGED, AGAIN, WORKING
from tundish_connectors.nats.session import NatsSession


class InHand:
    """The reply subjects of one connection. They name places in the stream, and are answered on no other one."""

    def __init__(self, session: NatsSession) -> None:
        self._session = session
        self._waiting: dict[int, str] = {}
        """By number in the stream: a message that comes twice is in hand once."""
        self._accepted: deque[str] = deque()
        self._more = asyncio.Event()

    @property
    def numbers(self) -> frozenset[int]:
        """What came and is not on disk yet."""
        return frozenset(self._waiting)

    def take(self, number: int, reply: str) -> None:
        """A message came."""
        self._waiting[number] = reply

    def done(self, number: int, reply: str) -> None:
        """It is on disk."""
        self._waiting.pop(number, None)
        self._accepted.append(reply)
        self._more.set()

    async def acknowledged(self) -> None:
        """Wait until something is on disk, and acknowledge everything that is. Raises NotConnected."""
        await self._more.wait()
        self._more.clear()
        await self._acknowledge()

    async def _acknowledge(self) -> None:
        while self._accepted:
            await self._session.send(self._accepted[0], ACKNOWLEDGED)
            self._accepted.popleft()

    async def keep_alive(self, every: float) -> None:
        """Tell the server now and then that we are still at it: the journal may stall. Raises NotConnected."""
        while True:
            await asyncio.sleep(every)
            for reply in list(self._waiting.values()):
                await self._session.send(reply, WORKING)

    async def give_back(self) -> None:
        """Acknowledge what is on disk, and let the rest be handed out again at once, in its order; never raises."""
        try:
            await self._acknowledge()
            for _, reply in sorted(self._waiting.items()):
                await self._session.send(reply, AGAIN)
        except NotConnected:
            return
        await self._session.flush()
