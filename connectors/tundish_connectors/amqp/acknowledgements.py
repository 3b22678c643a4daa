"""Acknowledges what the journal has, many messages in one frame: they come in order, so the last speaks for all."""

from __future__ import annotations

import asyncio

from aiormq.channel import Channel
from aiormq.exceptions import AMQPError

from tundish.errors import NotConnected
from tundish_connectors.amqp.reasons import said

_FAREWELL = 1.0
"""Seconds that the last acknowledgement may take; without it, the messages come again."""


class Acknowledgements:
    """Those of one channel. They are worth nothing on any other one, where the same numbers mean other messages."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._accepted = 0
        self._sent = 0
        self._more = asyncio.Event()

    def up_to(self, tag: int) -> None:
        """Everything up to this delivery is on disk."""
        self._accepted = tag
        self._more.set()

    async def run(self) -> None:
        """Acknowledge as things go. Raises NotConnected."""
        while True:
            await self._more.wait()
            self._more.clear()
            await self._send()

    async def finish(self) -> None:
        """Acknowledge the rest; never raises."""
        try:
            async with asyncio.timeout(_FAREWELL):
                await self._send()
        except (TimeoutError, NotConnected):
            return

    async def _send(self) -> None:
        if (tag := self._accepted) <= self._sent:
            return
        try:
            await self._channel.basic_ack(tag, multiple=True)
        except (AMQPError, RuntimeError, OSError) as error:
            raise NotConnected(f"the broker is gone: {said(error)}") from error
        self._sent = tag
