"""Lets no message overtake another one that the server has handed out to somebody else, e.g. to a line that is dead.

JetStream hands such a message out again when its `ack_wait` has passed: behind new ones, and in any order. Two things
tell of it. A consumer counts what it hands out, whoever gets it, so a number that is missing went elsewhere. And it
says how much is handed out and not acknowledged: when we have so much in hand, nobody else has anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from nats.aio.msg import Msg
from nats.js.api import ConsumerInfo

from tundish_connectors.nats.messages import Delivered
from tundish_connectors.nats.reading.in_hand import InHand

_LOOK = 0.1
"""Seconds between looks at what others still have."""

HandOver = Callable[[Msg, Delivered], None]


class Order:
    """The order of the stream, for one life of a source. It begins with what the consumer said when that life began."""

    def __init__(self, info: ConsumerInfo, in_hand: InHand, hand_over: HandOver) -> None:
        self._in_hand = in_hand
        self._hand_over = hand_over
        self._last = info.delivered.consumer_seq if info.delivered else 0
        """The last delivery that we know of."""
        self._held: dict[int, tuple[Msg, Delivered]] = {}
        self._holes = 0
        self._unsure = asyncio.Event()
        self.missing = 0
        """How many messages others have, as far as is known: room is kept for them."""
        if info.num_ack_pending:
            self._doubt(info.num_ack_pending)

    @property
    def held(self) -> int:
        """How many messages wait for others that come before them."""
        return len(self._held)

    def take(self, message: Msg, told: Delivered) -> None:
        """A message came: it is handed over, at once if nothing is missing before it."""
        self._in_hand.take(told.sequence, message.reply)
        if told.delivery != self._last + 1:
            self._holes += 1
            self._doubt(1)
        self._last = told.delivery
        if self._unsure.is_set():
            self._held[told.sequence] = (message, told)
        else:
            self._hand_over(message, told)

    def _doubt(self, missing: int) -> None:
        self.missing = max(self.missing, missing)
        self._unsure.set()

    async def look(self, ask: Callable[[], Awaitable[ConsumerInfo | None]]) -> None:
        """Wait for a doubt, and hand over what is held if `ask` shows that it was unfounded. Raises what `ask` raises.

        Only what was in hand before the question and after the answer was certainly so in between.
        """
        await self._unsure.wait()
        before, holes = self._in_hand.numbers, self._holes
        info = await ask()
        if info is not None and holes == self._holes:
            self.missing = max(0, (info.num_ack_pending or 0) - len(before & self._in_hand.numbers))
            if not self.missing:
                self._release()
                return
        await asyncio.sleep(_LOOK)

    def _release(self) -> None:
        self._unsure.clear()
        held, self._held = self._held, {}
        for _, (message, told) in sorted(held.items()):
            self._hand_over(message, told)
