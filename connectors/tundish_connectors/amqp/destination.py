"""Publishes; a delivery is done when the broker has confirmed that a queue holds the message."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiormq.exceptions import AMQPError

from tundish.errors import AuthFailed, NotConnected, Rejected, Transient
from tundish.model import Outgoing, Receipt, Value
from tundish.sdk import Context, Destination
from tundish_connectors.amqp.connection import AmqpConnection
from tundish_connectors.amqp.lanes import Lanes
from tundish_connectors.amqp.properties import publish_properties, require_sendable
from tundish_connectors.amqp.reasons import not_opened, said
from tundish_connectors.amqp.session import AmqpSession
from tundish_connectors.amqp.settings import AmqpDestinationSettings

_SHORT = 1.0
"""Seconds that a message waits for a broker that takes nothing, before it is tried again later."""


class AmqpDestination(Destination[AmqpDestinationSettings, AmqpConnection]):
    """One connection, and a channel for each exchange."""

    def __init__(self, settings: AmqpDestinationSettings, connection: AmqpConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._session: AmqpSession | None = None
        self._lanes: Lanes | None = None

    async def open(self) -> None:
        """Connect. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        await self.close()
        self._session = session = self.connection.session(self.context.name)
        await session.connect()
        self._lanes = lanes = Lanes(session)
        exchange = "" if self.settings.exchange is None else self.settings.exchange.text
        if "{" not in exchange:
            try:
                await lanes.lane(exchange)
            except AMQPError as error:
                raise not_opened(f"the exchange '{exchange}'", error, "make it, or write another 'exchange'") from error
        self.context.start(self._watch(session), name="watch")

    async def _watch(self, session: AmqpSession) -> None:
        """Tells the supervisor when the broker is gone: nobody else waits for that while there is nothing to send."""
        await session.over()

    async def close(self) -> None:
        """Disconnect. What was not confirmed is published again later."""
        session, self._session, self._lanes = self._session, None, None
        if session is not None:
            await session.close()

    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """`exchange`, `routing_key`, `headers`. Raises Invalid where one of them cannot be sent."""
        exchange, routing_key, headers = self._rendered(message)
        return {"exchange": exchange, "routing_key": routing_key, "headers": dict(headers)}

    def _rendered(self, message: Outgoing) -> tuple[str, str, dict[str, str]]:
        settings = self.settings
        exchange = "" if settings.exchange is None else settings.exchange.render(message.scope)
        routing_key = settings.routing_key.render(message.scope)
        headers = {name: template.render(message.scope) for name, template in settings.headers.items()}
        require_sendable(exchange=exchange, routing_key=routing_key)
        return exchange, routing_key, headers

    async def deliver(self, message: Outgoing) -> Receipt:
        """Publish. Raises Invalid, Rejected, AuthFailed or Transient.

        A confirmation that does not come is Transient, not Unknown: whoever reads a queue expects repeats, and tells
        them by the message id.
        """
        exchange, routing_key, headers = self._rendered(message)
        session, lanes = self._session, self._lanes
        if session is None or lanes is None:
            raise Transient("the broker is not connected")
        try:
            if await session.blocked(_SHORT):
                raise Transient("the broker takes no messages: it is short of memory or disk")
            lane = await lanes.lane(exchange)
        except NotConnected as error:
            raise Transient(str(error)) from error
        except AMQPError as error:
            refused = AuthFailed if isinstance(not_opened("", error), AuthFailed) else Rejected
            raise refused(f"the exchange '{exchange}' cannot be used: {said(error)}") from error
        try:
            async with asyncio.timeout(self.settings.timeout):
                properties = publish_properties(message, headers)
                await lane.publish(routing_key, message.body, properties, mandatory=self.settings.mandatory)
        except TimeoutError as error:
            raise await self._unconfirmed(session) from error
        return Receipt(facts={"exchange": exchange, "routing_key": routing_key})

    async def _unconfirmed(self, session: AmqpSession) -> Transient:
        text = f"the broker did not confirm within {self.settings.timeout:g} s"
        try:
            if await session.blocked(0):
                # It will go on by itself; a new connection would only be blocked as well.
                return Transient(f"{text}: it is short of memory or disk")
        except NotConnected as error:
            return Transient(str(error))
        session.abandon(text)
        return Transient(text)
