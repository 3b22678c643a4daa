"""Publishes, and brings notifications in their order: fetches again what is missing, says what cannot be fetched."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from asyncua import ua

from tundish.errors import NotConnected
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.subscribing.sequence import between, following, is_after
from tundish_connectors.opcua.values.records import Record

_BEFORE_FIRST = 0
"""In place of the last sequence number, while there was none: a subscription counts from 1 (Part 4, 7.40)."""
_FAR = 1000
"""A first number beyond this means a server that counts from elsewhere, not so much that is missing."""
_MOST_ACKS = 1000
"""Acknowledgements in one request; the others follow with the next."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification of the subscription."""

    sequence: int
    message: ua.NotificationMessage
    again: bool = False
    """It was fetched again with Republish."""
    more: bool = False
    """The next one brings what was waiting together with it."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Notifications that the server does not have any more."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Rest:
    """What a notification has behind its gaps."""

    records: list[Record]
    notification: Notification


class Silent(NotConnected):
    """The server answers, and says nothing of the subscription, not even that there is nothing to say."""


class SubscriptionGone(Exception):
    """The server does not know the subscription any more."""


class Stream:
    """The notifications of one subscription over one session."""

    def __init__(self, session: Session, subscription: int, silence: float) -> None:
        """`silence` is how long nothing may come, keep-alives included."""
        self._session = session
        self._subscription = subscription
        self._silence = silence
        self._acknowledged: deque[int] = deque()
        self._durable: int | None = None
        """What was made durable before this life, where the server may not have heard of it."""
        self.last = _BEFORE_FIRST
        """Sequence number of the last notification that was brought."""
        self.heard = False
        """The server has said something in this life."""
        self.has_more = False
        """The server has further notifications ready."""

    def acknowledge(self, sequence: int) -> None:
        """The server may forget a notification; it hears of it with the next request."""
        self._acknowledged.append(sequence)

    async def resume(self, last: int | None, available: Iterable[int] | None) -> list[Notification | Missing]:
        """What the server still has of a subscription that was ours before; `last` was made durable, None for nothing.

        `available` is None where the server did not say which numbers it has: then those after `last` are tried.
        """
        self.last = _BEFORE_FIRST if last is None else last
        numbers = [int(number) for number in available or ()]
        waiting = [number for number in numbers if last is None or is_after(number, last)]
        for number in numbers:
            if number not in waiting:
                self.acknowledge(number)
        brought: list[Notification | Missing] = []
        if available is None:
            self._durable = last
            while (found := await self._fetch(following(self.last))) is not None:
                brought.append(found)
                self.last = found.sequence
            return brought
        for number in waiting:
            brought += await self._up_to(number, itself=True)
        return brought

    async def next(self) -> list[Notification | Missing]:
        """Publish once. Raises NotConnected or SubscriptionGone."""
        acks = [self._acknowledged.popleft() for _ in range(min(len(self._acknowledged), _MOST_ACKS))]
        try:
            async with asyncio.timeout(self._silence):
                result = await self._publish(acks)
        except TimeoutError as error:
            raise Silent(f"the server has said nothing for {self._silence:g} s") from error
        self.heard = True
        if result.SubscriptionId != self._subscription:
            # Another subscription of a session that was resumed; nobody knows it any more.
            return []
        self.has_more = bool(result.MoreNotifications)
        self._acknowledge_again(result.AvailableSequenceNumbers or ())
        message = result.NotificationMessage
        sequence = int(message.SequenceNumber)
        if not message.NotificationData:
            # A keep-alive bears the number of the next notification (OPC UA Part 4, 5.14.1.2).
            return await self._up_to(sequence, itself=False)
        brought = await self._up_to(sequence, itself=False)
        self.last = sequence
        return [*brought, Notification(sequence, message, more=self.has_more)]

    def _acknowledge_again(self, kept: Iterable[int]) -> None:
        """Acknowledge what the server still keeps because the line broke under the request that acknowledged it."""
        if self._durable is not None:
            for number in kept:
                if not is_after(int(number), self._durable):
                    self.acknowledge(int(number))
            self._durable = None

    async def _publish(self, acks: list[int]) -> ua.PublishResult:
        known = [
            ua.SubscriptionAcknowledgement(ua.IntegerId(self._subscription), ua.Counter(number)) for number in acks
        ]
        while True:
            try:
                response = await self._session.ask(partial(self._session.services.publish, known))
            except ua.uaerrors.BadTimeout:
                known = []
                continue
            except ua.uaerrors.BadNoSubscription as error:
                raise SubscriptionGone("the server has no subscription of ours") from error
            except ua.uaerrors.UaStructParsingError as error:
                # It is not acknowledged, so it is fetched again; what cannot be read then is a gap.
                raise NotConnected("the server sent a notification that cannot be read") from error
            except ua.uaerrors.UaError as error:
                raise NotConnected(f"the server does not publish: {error}") from error
            result: ua.PublishResult = response.Parameters
            return result

    async def _up_to(self, number: int, *, itself: bool) -> list[Notification | Missing]:
        """Fetch what lies between the last notification and a number, and that one too where it is `itself`."""
        is_elsewhere = self.last == _BEFORE_FIRST and number > _FAR
        wanted = [] if is_elsewhere else between(self.last, number)
        if itself:
            wanted.append(number)
        return await self._again(wanted)

    async def _again(self, numbers: Iterable[int]) -> list[Notification | Missing]:
        brought: list[Notification | Missing] = []
        for number in numbers:
            found: Notification | Missing | None = await self._fetch(number)
            if found is None:
                found = Missing(number, number)
                if brought and isinstance(before := brought[-1], Missing):
                    found = Missing(before.first, number)
                    brought.pop()
            brought.append(found)
            self.last = number
        return brought

    async def _fetch(self, number: int) -> Notification | None:
        """A notification once more; None where the server does not have it, or it cannot be read."""
        ask: Any = self._session.services.republish
        try:
            message = await self._session.ask(lambda: ask(self._subscription, number))
        except ua.uaerrors.BadMessageNotAvailable:
            return None
        except ua.uaerrors.BadSubscriptionIdInvalid as error:
            raise SubscriptionGone("the server does not know the subscription") from error
        except ua.uaerrors.UaError as error:
            raise NotConnected(f"a notification cannot be fetched again: {error}") from error
        except Exception as error:
            if type(error).__module__.startswith("asyncua") or isinstance(error, ValueError | KeyError | TypeError):
                return None
            raise
        if int(message.SequenceNumber) != number:
            # asyncua's server answers with an empty notification instead of BadMessageNotAvailable.
            return None
        return Notification(number, message, again=True)
