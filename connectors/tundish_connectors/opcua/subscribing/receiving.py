"""One life of a subscription's reception: from the cursor, over what is missing, to what comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from asyncua.ua.uaerrors import UaError

from tundish.sdk import Context, Intake
from tundish.telemetry import Event
from tundish_connectors.opcua.limits import read_limits
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.settings import OpcUaSourceSettings
from tundish_connectors.opcua.subscribing.handover import Chains, Pipeline, accept
from tundish_connectors.opcua.subscribing.history import has_history, recorded
from tundish_connectors.opcua.subscribing.memory import Position
from tundish_connectors.opcua.subscribing.reading import Reader
from tundish_connectors.opcua.subscribing.stream import Missing, Notification, Stream
from tundish_connectors.opcua.subscribing.subscription import Subscription
from tundish_connectors.opcua.tags.exchange import Exchange, Step
from tundish_connectors.opcua.tags.handshake import HandshakeState
from tundish_connectors.opcua.values.plain import aware, time_text
from tundish_connectors.opcua.values.records import Record, gap_record

_HANDSHAKE = "handshake"


class Reception:
    """Receives until cancelled."""

    def __init__(
        self,
        context: Context,
        intake: Intake,
        session: Session,
        settings: OpcUaSourceSettings,
        subscription: Subscription,
        reader: Reader,
        endpoint: str,
        exchange: Exchange | None,
        skew: timedelta,
    ) -> None:
        self._context = context
        self._intake = intake
        self._session = session
        self._settings = settings
        self._subscription = subscription
        self._reader = reader
        self._endpoint = endpoint
        self._exchange = exchange
        self._skew = skew
        self.stream = Stream(session, subscription.number, subscription.revised.silence)
        self._chains = Chains(settings)
        self._pipeline: Pipeline | None = None
        self.position = Position(subscription=subscription.number)
        self.durable: Position | None = None
        """The last position that is on disk; None where nothing was received yet."""
        self._lock = asyncio.Lock()

    async def begin(self) -> None:
        """Go on where the cursor says: hand over gaps, their history, and what the server kept."""
        self.position, last = self._last_position(await self._intake.cursor())
        self._chains.restore(self.position.tags)
        numbers = self._numbers()
        self._chains.prepare([(path, number) for path, number in numbers.items()])
        if self._subscription.remembered.missing_since is not None:
            await self._report_gap()
        if self._exchange is not None:
            self._exchange.state = HandshakeState(**self.position.tags.get(_HANDSHAKE, {}))
            for step in await self._exchange.resume(is_new=self._subscription.is_new):
                await self._exchanged(step, None)
        elif not self._chains.are_needed:
            self._pipeline = Pipeline(self._intake, self._context, self._settings, self._endpoint, self.position)
        else:
            self._context.start(self._flush(), name="debounce")
        if not self._subscription.is_new:
            self._reader.resumed = set(self._reader.items)
            for found in await self.stream.resume(last, self._subscription.available):
                await self._take(found)

    def _last_position(self, cursor: bytes | None) -> tuple[Position, int | None]:
        """The newer one of the cursor's and the file's, and the last notification of this subscription in it."""
        kept = self._subscription.remembered.position
        found = [each for each in (Position.decode(cursor), Position(**kept) if kept else None) if each is not None]
        newest = max(found, key=lambda each: each.step, default=Position())
        number = self._subscription.number
        last = newest.sequence if newest.subscription == number and newest.sequence else None
        return replace(newest, subscription=number, sequence=last or 0), last

    async def run(self) -> None:
        """Raises NotConnected or SubscriptionGone."""
        patience = max(1.0, self._subscription.revised.lifetime / 4)
        while True:
            if self._pipeline is not None:
                # Acknowledgements travel with the request for what is next. While there is more, they follow later;
                # otherwise the server would hear of them only when the next change, or a keep-alive, comes.
                wait = self._pipeline.room if self.stream.has_more else self._pipeline.empty
                await wait(self._subscription.touch, patience)
            for found in await self.stream.next():
                await self._take(found)
            if self._reader.gone:
                self._forget_gone()

    def _forget_gone(self) -> None:
        for handle in self._reader.gone:
            self._subscription.forget_item(handle)
        self._reader.gone.clear()

    async def _take(self, found: Notification | Missing) -> None:
        if isinstance(found, Missing):
            reason = "the server does not have these notifications any more"
            gap = gap_record(reason, since=self.position.time, until=None, first=found.first, last=found.last)
            self._warn(gap)
            position = replace(self._next(), sequence=found.last)
            async with self._lock:
                await self._deliver([gap], position, None)
            return
        records = self._reader.records(found)
        for record in records:
            if record["kind"] == "gap":
                self._warn(record)
            elif found.again:
                record["origin"] = "republished"
        published = time_text(found.message.PublishTime)
        if self._exchange is not None:
            await self._negotiate(self._exchange, records, found.sequence)
            return
        async with self._lock:
            passed = self._chains.take(records, lambda record: self._numbers().get(record["path"]))
            position = replace(
                self._next(), sequence=found.sequence, time=published or self._server_time(), tags=self._chains.state()
            )
            await self._deliver(passed, position, found.sequence)

    async def _negotiate(self, exchange: Exchange, records: Sequence[Record], sequence: int) -> None:
        """One step of the handshake after the other; each is durable before the machine hears of it."""
        for record in records:
            if record["kind"] == "gap":
                await self._accept_old([record])
                continue
            for step in await exchange.see(record):
                await self._exchanged(step, None)
        await self._deliver([], replace(self._next(), sequence=sequence), sequence)

    async def _exchanged(self, step: Step, sequence: int | None) -> None:
        tags = {_HANDSHAKE: step.state.to_json()}
        records = [] if step.record is None else [step.record]
        await self._deliver(records, replace(self._next(), tags=tags), sequence)
        await step.then()

    def _server_time(self) -> str | None:
        """What time it is on the server, where a notification does not say."""
        return time_text(datetime.now(UTC) + self._skew)

    def _warn(self, gap: Record) -> None:
        self._context.log.warning(Event.SOURCE_GAP, **{name: gap[name] for name in gap if name != "kind"})

    def _numbers(self) -> dict[str, int]:
        return {item.path: item.setting for item in self._reader.items.values() if not item.fields}

    def _next(self) -> Position:
        return replace(self.position, step=self.position.step + 1)

    async def _deliver(self, records: Sequence[Record], position: Position, sequence: int | None) -> None:
        """On disk first, acknowledged then, whether there are records or not."""

        def done() -> None:
            self.durable = position
            self._reader.repeats.saw(records)
            if sequence is not None:
                self.stream.acknowledge(sequence)

        if self._pipeline is not None and records:
            self.position = position
            await self._pipeline.hand_over(records, position, done)
            return
        if records:
            await accept(self._intake, records, position, self._endpoint)
        else:
            await self._without_unit(position)
        self.position = position
        done()

    async def _without_unit(self, position: Position) -> None:
        """Nothing is handed over, but the position, and what tags remember, are to survive."""
        if self._pipeline is not None:
            patience = max(1.0, self._subscription.revised.lifetime / 4)
            await self._pipeline.empty(self._subscription.touch, patience)
        self._subscription.remember_position(position)

    async def _flush(self) -> None:
        """Hands over values that have been the same for long enough."""
        while True:
            due = self._chains.due
            await asyncio.sleep(0.05 if due is None else max(0.0, min(due - time.monotonic(), 0.05)))
            if due is None or time.monotonic() < due:
                continue
            async with self._lock:
                records = self._chains.flush()
                if records:
                    position = replace(self._next(), tags=self._chains.state())
                    await accept(self._intake, records, position, self._endpoint)
                    self.position = self.durable = position

    async def _report_gap(self) -> None:
        """The server forgot the subscription: say so, then bring what its history has."""
        remembered = self._subscription.remembered
        since = self.position.time or remembered.missing_since
        begin = _moment(since)
        until = (await read_limits(self._session)).clock or datetime.now(UTC)
        until = aware(until)
        wishes = [
            item
            for item in self._reader.items.values()
            if not item.fields and self._settings.nodes and self._settings.nodes[item.setting].history
        ]
        readable = [] if begin is None else await has_history(self._session, wishes)
        without = sorted(item.path for item in self._reader.items.values() if item not in readable)
        gap = gap_record(
            remembered.gap, since=None if begin is None else since, until=time_text(until), without_history=without[:50]
        )
        self._warn(gap)
        await self._accept_old([gap])
        if begin is not None:
            self._reader.overlapping_until = until
            for item in readable:
                try:
                    start = begin - timedelta(seconds=self._settings.overlap)
                    async for portion in recorded(self._session, item, start, until):
                        await self._accept_old([record for record in portion if not self._reader.repeats.knows(record)])
                except UaError as error:
                    failed = gap_record(f"no history: {error}", since=since, until=time_text(until), path=item.path)
                    self._warn(failed)
                    await self._accept_old([failed])
        remembered.missing_since, remembered.gap = None, ""
        self._subscription.remember()

    async def _accept_old(self, records: Sequence[Record]) -> None:
        passed = self._chains.take(records, lambda record: self._numbers().get(record["path"]))
        if passed:
            position = replace(self._next(), tags=self._chains.state())
            await accept(self._intake, passed, position, self._endpoint)
            self._reader.repeats.saw(records)
            self.position = self.durable = position


def _moment(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
