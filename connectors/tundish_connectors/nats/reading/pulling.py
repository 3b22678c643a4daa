"""Asks the server for messages, so many as there is room for, and never lets a request run dry."""

from __future__ import annotations

import json
import time

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from tundish_connectors.nats.messages import status_of
from tundish_connectors.nats.session import NatsSession

_EXPIRES = 5.0
"""Seconds that a request waits at the server; one of a dead connection must not take messages for long."""
_SILENCE = 2 * _EXPIRES
"""Seconds without a word, although a request should have ended, after which the server is taken for lost."""
_GONE = {"consumer deleted", "consumer is push based", "stream deleted"}
"""Reasons of status 409 after which there is nothing more to read."""


class Pull:
    """The open requests of one life of a source."""

    def __init__(self, session: NatsSession, stream: str, consumer: str, most: int) -> None:
        self._session = session
        self._subject = f"{session.api}.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._most = most
        self._inbox = session.inbox()
        self._subscription: Subscription | None = None
        self._asked = 0
        """Messages that the server may still send."""
        self._heard = time.monotonic()

    async def begin(self) -> None:
        """Listen for what is asked for. Raises NotConnected."""
        self._subscription = await self._session.subscribe(self._inbox)
        self._heard = time.monotonic()

    async def ask(self, in_hand: int, missing: int = 0) -> None:
        """Ask for more, where half of the room is free. Raises NotConnected.

        There is always room for what is missing: those that are in hand wait for it.
        """
        room = self._most - in_hand - self._asked
        if room < max(1, self._most // 2):
            room = missing - self._asked
        if room <= 0:
            return
        self._asked += room
        request = {"batch": room, "expires": int(_EXPIRES * 1e9)}
        await self._session.send(self._subject, json.dumps(request).encode(), reply=self._inbox)

    async def next(self) -> Msg | None:
        """The next message; None where it was a word about a request. Raises NotConnected."""
        assert self._subscription is not None  # noqa: S101 - begun before
        message = await self._session.next(self._subscription)
        self._heard = time.monotonic()
        status = status_of(message)
        if not status:
            self._asked = max(0, self._asked - 1)
            return message
        headers = message.headers or {}
        words = headers.get("Description", "")
        if status == 503 or (status == 409 and words.lower() in _GONE):
            raise self._session.abandon(f"the server ended the reading: {words or 'JetStream does not answer'}")
        if status != 100:
            rest = headers.get("Nats-Pending-Messages", "")
            self._asked = max(0, self._asked - int(rest)) if rest.isdigit() else 0
        return None

    def require_life(self) -> None:
        """Raises NotConnected where the server has not said a word for too long."""
        if self._asked and time.monotonic() - self._heard > _SILENCE:
            raise self._session.abandon("JetStream shows no sign of life any more")
        if not self._asked:
            self._heard = time.monotonic()
