"""One channel for each exchange: a broker that refuses one message closes the whole channel, with all that is on it."""

from __future__ import annotations

import asyncio

from aiormq.channel import Channel
from aiormq.exceptions import (
    ChannelAccessRefused,
    ChannelClosed,
    ChannelPreconditionFailed,
    DeliveryError,
    PublishError,
)
from pamqp.commands import Basic

from tundish.errors import AuthFailed, Rejected, Transient
from tundish_connectors.amqp.reasons import said
from tundish_connectors.amqp.session import AmqpSession

_MOST = 64
"""Exchanges that are kept open; templates could name any number of them."""


class Lane:
    """The messages on their way to one exchange."""

    def __init__(self, exchange: str, channel: Channel) -> None:
        self._exchange = exchange
        self._channel = channel
        self._sizes: dict[int, int] = {}
        self._number = 0
        self._largest: int | None = None

    @property
    def is_over(self) -> bool:
        """The broker closed the channel."""
        return self._channel.is_closed

    @property
    def is_idle(self) -> bool:
        """No message is on its way."""
        return not self._sizes

    async def close(self) -> None:
        """Close the channel of a lane that is idle."""
        await self._channel.close(ChannelClosed(0, "the channel was closed"))

    async def publish(self, routing_key: str, body: bytes, properties: Basic.Properties, *, mandatory: bool) -> None:
        """Publish, and wait until the broker confirms. Raises Transient, Rejected or AuthFailed."""
        self._number += 1
        number = self._number
        self._sizes[number] = len(body)
        try:
            await self._channel.basic_publish(
                body, exchange=self._exchange, routing_key=routing_key, properties=properties, mandatory=mandatory
            )
        except PublishError as error:
            where = f"of the exchange '{self._exchange}'" if self._exchange else "as its name"
            raise Rejected(
                f"no queue is bound with the routing key '{routing_key}' {where}", detail=said(error)
            ) from error
        except DeliveryError as error:
            raise Transient("the broker did not take the message: a queue is full, or it cannot be stored") from error
        except ChannelAccessRefused as error:
            raise AuthFailed(f"the broker refused: {said(error)}") from error
        except ChannelPreconditionFailed as error:
            raise self._blame(number, said(error)) from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # aiormq ends what waits on a dead connection this way; nobody has cancelled us.
            raise Transient("the broker is gone") from error
        except Exception as error:
            # On a connection that ends, aiormq raises whatever ended it, a bare Exception among others.
            raise Transient(f"the broker is gone: {said(error)}") from error
        finally:
            del self._sizes[number]

    def _blame(self, number: int, words: str) -> Rejected | Transient:
        """A message that is too large closes the channel for its neighbours; only the largest one is to blame."""
        if self._largest is None:
            self._largest = max(self._sizes.values())
        if self._sizes[number] == self._largest:
            return Rejected(f"the broker refused the message: {words}")
        return Transient(f"the broker closed the channel because of another message: {words}")


class Lanes:
    """The lanes of one session."""

    def __init__(self, session: AmqpSession) -> None:
        self._session = session
        self._lanes: dict[str, Lane] = {}
        self._opening = asyncio.Lock()

    async def lane(self, exchange: str) -> Lane:
        """An open lane. Raises NotConnected, and AMQPError where there is no such exchange."""
        found = self._lanes.get(exchange)
        if found is not None and not found.is_over:
            return found
        async with self._opening:
            found = self._lanes.get(exchange)
            if found is None or found.is_over:
                self._lanes[exchange] = found = await self._open(exchange)
            return found

    async def _open(self, exchange: str) -> Lane:
        if len(self._lanes) >= _MOST:
            idle = [name for name, lane in self._lanes.items() if lane.is_idle]
            for name in idle[: len(idle) // 2 + 1]:
                lane = self._lanes.pop(name)
                await self._session.asked(lane.close())
        channel = await self._session.channel(confirms=True)
        if exchange:
            # Everybody may publish to the exchange without a name, and nobody may ask about it.
            await self._session.asked(channel.exchange_declare(exchange, passive=True))
        return Lane(exchange, channel)
