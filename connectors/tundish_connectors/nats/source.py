"""Reads a stream by a durable pull consumer; each message is a unit, acknowledged when the journal has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from nats.aio.msg import Msg
from nats.js.api import ConsumerInfo, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import APIError, NotFoundError

from tundish.errors import Misconfigured, NotConnected
from tundish.faults import Fault
from tundish.model import Acceptance, Unit
from tundish.sdk import Arrivals, Context, Intake, Source
from tundish.telemetry import Event
from tundish_connectors.nats.connection import NatsConnection
from tundish_connectors.nats.consumers import consumer_faults, find, make
from tundish_connectors.nats.gaps import Gap, Position, gap_before, position_of, record
from tundish_connectors.nats.messages import Delivered, delivered, meta_of
from tundish_connectors.nats.reading.in_hand import InHand
from tundish_connectors.nats.reading.order import Order
from tundish_connectors.nats.reading.pulling import Pull
from tundish_connectors.nats.session import NatsSession
from tundish_connectors.nats.settings import NatsSourceSettings
from tundish_connectors.nats.streams import stream_faults


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one life of a source reads with."""

    pull: Pull
    order: Order
    in_hand: InHand
    arrivals: Arrivals

    async def ask(self) -> None:
        """Ask for more, if there is room. Raises NotConnected."""
        await self.pull.ask(self.arrivals.unacknowledged + self.order.held, self.order.missing)


class NatsSource(Source[NatsSourceSettings, NatsConnection]):
    """One connection and one consumer. The server keeps what we have not acknowledged."""

    def __init__(self, settings: NatsSourceSettings, connection: NatsConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._session: NatsSession | None = None
        self._stream: StreamInfo | None = None
        self._in_hand: InHand | None = None
        self._consumer = settings.consumer or connection.name(context.name)
        self._reported: Gap | None = None
        self._seen = 0
        """The highest number that the server has handed out, or that is gone: for gaps."""
        self._taken = 0
        """The highest number that went to the journal: for its cursor."""

    async def open(self) -> None:
        """Connect and look at the stream. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        await self.close()
        self._session = session = self.connection.session(self.context.name)
        await session.connect()
        self._stream = await self._find_stream(session)

    async def _find_stream(self, session: NatsSession) -> StreamInfo:
        name, wanted = self.settings.stream, self.settings.declare
        try:
            return await session.asked(session.jetstream.stream_info(name))
        except NotFoundError as error:
            if wanted is None:
                cure = "make it, or set 'declare: {subjects: […]}'"
                raise Misconfigured(f"there is no stream '{name}'", cure) from error
        except APIError as error:
            raise Misconfigured(f"the stream '{name}' cannot be used: {error.description}") from error
        config = StreamConfig(
            name=name,
            subjects=list(wanted.subjects),
            retention=RetentionPolicy.LIMITS,
            discard=DiscardPolicy.NEW,
            storage=StorageType.FILE,
            num_replicas=wanted.replicas,
        )
        try:
            return await session.asked(session.jetstream.add_stream(config))
        except APIError as error:
            raise Misconfigured(f"the stream '{name}' cannot be made: {error.description}") from error

    async def close(self) -> None:
        """Acknowledge what is accepted, give the rest back, and disconnect."""
        session, self._session = self._session, None
        in_hand, self._in_hand = self._in_hand, None
        if session is not None:
            if in_hand is not None and not session.is_over:
                await in_hand.give_back()
            await session.close()

    async def check(self) -> Sequence[Fault]:
        """Say how the stream and the consumer lose messages, and who else reads."""
        if self._session is None or self._stream is None:
            return ()
        found = [*stream_faults(self._stream)]
        known = await find(self._session, self.settings.stream, self._consumer)
        if known is not None and self.settings.consumer is not None:
            found += consumer_faults(known, self.settings)
        return found

    async def run(self, intake: Intake) -> None:
        """Raises NotConnected when the server is gone, AuthFailed or Misconfigured where the consumer is refused."""
        session, stream = self._session, self._stream
        if session is None or stream is None:
            raise NotConnected("the source is not open")
        created, before = str(stream.created), position_of(await intake.cursor())
        info = await self._consume(session, before if before is not None and before.created == created else None)
        first = self._first(stream, info)
        self._report(gap_before(before, self.settings.stream, created, first))
        self._seen = max(info.delivered.stream_seq if info.delivered else 0, first - 1)
        self._taken = before.sequence if before is not None and before.created == created else 0
        arrivals = Arrivals(intake)
        arrivals.start(self.context, self.settings.max_pending)
        self._in_hand = in_hand = InHand(session)
        taking = partial(self._take, arrivals, in_hand, created, all_of_it=self._sees_all(info))
        pull = Pull(session, self.settings.stream, self._consumer, self.settings.max_pending)
        await pull.begin()
        reading = _Reading(pull, Order(info, in_hand, taking), in_hand, arrivals)
        self.context.start(self._acknowledge(reading), name="acknowledge")
        self.context.start(in_hand.keep_alive((info.config.ack_wait or 30.0) / 3), name="keep alive")
        self.context.start(self._receive(reading), name="receive")
        self.context.start(self._keep_order(session, reading), name="order")
        await self._watch(session, pull)

    async def _consume(self, session: NatsSession, before: Position | None) -> ConsumerInfo:
        name = self.settings.consumer
        if name is None:
            return await make(session, self.settings, self._consumer, before)
        info = await find(session, self.settings.stream, name)
        if info is None:
            cure = "make a durable pull consumer of that name, or remove 'consumer'"
            raise Misconfigured(f"the stream '{self.settings.stream}' has no consumer '{name}'", cure)
        if info.config.deliver_subject:
            raise Misconfigured(f"the consumer '{name}' pushes", "make one without 'deliver_subject'")
        return info

    async def _watch(self, session: NatsSession, pull: Pull) -> None:
        while True:
            await session.alive()
            pull.require_life()

    async def _acknowledge(self, reading: _Reading) -> None:
        while True:
            await reading.in_hand.acknowledged()
            await reading.ask()

    async def _receive(self, reading: _Reading) -> None:
        while True:
            await reading.ask()
            message = await reading.pull.next()
            told = delivered(message.reply) if message is not None else None
            if message is not None and told is not None:
                reading.order.take(message, told)

    async def _keep_order(self, session: NatsSession, reading: _Reading) -> None:
        while True:
            await reading.order.look(partial(find, session, self.settings.stream, self._consumer))
            await reading.ask()

    def _take(
        self, arrivals: Arrivals, in_hand: InHand, created: str, message: Msg, told: Delivered, *, all_of_it: bool
    ) -> None:
        if all_of_it and told.count == 1 and self._seen and told.sequence > self._seen + 1:
            reason = "the stream discarded them before they were read"
            self._report(Gap(told.stream, self._seen + 1, told.sequence - 1, reason))
        self._seen = max(self._seen, told.sequence)
        self._taken = max(self._taken, told.sequence)
        unit = Unit(
            body=message.data,
            received=datetime.now(UTC),
            meta=meta_of(message, told),
            cursor=Position(told.stream, created, self._taken).cursor(),
        )
        arrivals.add(unit, partial(_done, in_hand, told.sequence, message.reply))

    def _sees_all(self, info: ConsumerInfo) -> bool:
        """Whether a missing number means a missing message, and no message of another subject or a newer value."""
        config = self._stream.config if self._stream is not None else StreamConfig()
        return (
            not info.config.filter_subject
            and not info.config.filter_subjects
            and config.max_msgs_per_subject <= 0
            and config.retention == RetentionPolicy.LIMITS
        )

    def _first(self, stream: StreamInfo, info: ConsumerInfo) -> int:
        """The first message that is still to be had, as far as that tells what was discarded."""
        filtered = info.config.filter_subject or info.config.filter_subjects
        if filtered and stream.config.retention != RetentionPolicy.LIMITS:
            return 0  # the stream forgets what the readers of other subjects have acknowledged
        return stream.state.first_seq

    def _report(self, gap: Gap | None) -> None:
        # Until the next message moves the cursor, every life would find the same one again.
        if gap is None or gap == self._reported:
            return
        self._reported = gap
        record(self.context.data, gap, datetime.now(UTC))
        self.context.log.warning(
            Event.SOURCE_GAP, stream=gap.stream, first=gap.first, last=gap.last or None, reason=gap.reason
        )


def _done(in_hand: InHand, number: int, reply: str, _: Acceptance) -> None:
    in_hand.done(number, reply)
