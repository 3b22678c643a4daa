"""Reads a queue; each message is a unit, acknowledged when the journal has it, in the order of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel
from aiormq.exceptions import AMQPError
from pamqp.commands import Queue

from tundish.errors import NotConnected
from tundish.faults import Fault
from tundish.model import Acceptance, Unit
from tundish.sdk import Arrivals, Context, Intake, Source
from tundish_connectors.amqp.acknowledgements import Acknowledgements
from tundish_connectors.amqp.connection import AmqpConnection
from tundish_connectors.amqp.management import queue_faults
from tundish_connectors.amqp.properties import meta_of
from tundish_connectors.amqp.reasons import not_opened
from tundish_connectors.amqp.session import AmqpSession
from tundish_connectors.amqp.settings import AmqpSourceSettings


class AmqpSource(Source[AmqpSourceSettings, AmqpConnection]):
    """One connection, one channel and one consumer. The broker holds back what is beyond `prefetch`."""

    def __init__(self, settings: AmqpSourceSettings, connection: AmqpConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._session: AmqpSession | None = None
        self._channel: Channel | None = None
        self._acknowledgements: Acknowledgements | None = None
        self._readers = 0

    async def open(self) -> None:
        """Connect and look at the queue. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        await self.close()
        self._session = session = self.connection.session(self.context.name)
        await session.connect()
        self._channel = channel = await session.channel()
        what = f"the queue '{self.settings.queue}'"
        try:
            answer = await session.asked(self._declare(channel))
            await session.asked(channel.basic_qos(prefetch_count=self.settings.prefetch))
        except AMQPError as error:
            cure = "make it as the broker's words say" if self.settings.declare else "make it, or set 'declare: {}'"
            raise not_opened(what, error, cure) from error
        self._readers = answer.consumer_count or 0

    async def _declare(self, channel: Channel) -> Queue.DeclareOk:
        queue, wanted = self.settings.queue, self.settings.declare
        if wanted is None:
            return await channel.queue_declare(queue, passive=True)
        answer = await channel.queue_declare(queue, durable=True, arguments={"x-queue-type": wanted.type})
        for binding in wanted.bindings:
            await channel.queue_bind(queue, binding.exchange, binding.routing_key)
        return answer

    async def close(self) -> None:
        """Acknowledge what is accepted, and disconnect; the broker hands the rest out again."""
        acknowledgements, self._acknowledgements = self._acknowledgements, None
        session, self._session, self._channel = self._session, None, None
        if session is not None:
            if acknowledgements is not None and not session.is_over:
                await acknowledgements.finish()
            await session.close()

    async def check(self) -> Sequence[Fault]:
        """Say who else reads the queue and, where the management plugin is asked, how the queue loses messages."""
        queue = self.settings.queue
        found: list[Fault] = []
        if self._readers:
            text = f"the queue '{queue}' has {self._readers} other readers, who take a part of the messages"
            found.append(Fault("queue", text, "stop them, or set 'exclusive: true'; order is kept by one reader alone"))
        facts = await self.connection.facts(queue)
        if isinstance(facts, Fault):
            found.append(facts)
        elif facts is not None:
            found += queue_faults(queue, facts)
        return found

    async def run(self, intake: Intake) -> None:
        """Raises NotConnected when the broker is gone or takes the queue away, AuthFailed without the right to read."""
        session, channel = self._session, self._channel
        if session is None or channel is None:
            raise NotConnected("the source is not open")
        arrivals = Arrivals(intake)
        arrivals.start(self.context, self.settings.prefetch)
        self._acknowledgements = acknowledgements = Acknowledgements(channel)
        self.context.start(acknowledgements.run(), name="acknowledge")
        take = partial(self._take, session, arrivals, acknowledgements)
        tag = self.context.name
        try:
            await session.asked(
                channel.basic_consume(self.settings.queue, take, exclusive=self.settings.exclusive, consumer_tag=tag)
            )
        except AMQPError as error:
            if self.settings.exclusive and self._readers:
                raise NotConnected(f"the queue '{self.settings.queue}' has another reader") from error
            raise not_opened(f"the queue '{self.settings.queue}'", error) from error
        await session.over(channel, tag)

    # It is awaited in a task for each message; those begin in the order of arrival, and it waits for nothing.
    async def _take(
        self, session: AmqpSession, arrivals: Arrivals, acknowledgements: Acknowledgements, message: DeliveredMessage
    ) -> None:
        tag = message.delivery_tag or 0
        try:
            unit = Unit(body=message.body, received=datetime.now(UTC), meta=meta_of(self.settings.queue, message))
        except Exception as error:
            # The library tells nobody about it, and the message would wait for ever.
            session.abandon(f"a message cannot be read: {type(error).__name__}: {error}")
            raise

        def acknowledge(_: Acceptance) -> None:
            acknowledgements.up_to(tag)

        arrivals.add(unit, acknowledge)
