"""One life of a subscription's reception: from the cursor, over what is missing, to what comes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from asyncua.ua.uaerrors import UaError

from tundish.errors import NotConnected
from tundish.sdk import Context
from tundish.telemetry import Event
from tundish_connectors.opcua.limits import read_limits
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.settings import OpcUaSourceSettings
from tundish_connectors.opcua.subscribing.backfill import EVERY, Backfill, begin_of, moment_of
from tundish_connectors.opcua.subscribing.memory import Position
from tundish_connectors.opcua.subscribing.progress import Progress
from tundish_connectors.opcua.subscribing.reading import Reader
from tundish_connectors.opcua.subscribing.stream import Missing, Notification, Rest, Stream, SubscriptionGone
from tundish_connectors.opcua.subscribing.subscription import Subscription
from tundish_connectors.opcua.tags.exchange import Exchange, Step
from tundish_connectors.opcua.tags.handshake import HandshakeState
from tundish_connectors.opcua.values.plain import aware, time_text
from tundish_connectors.opcua.values.records import Item, Record, gap_record

_HANDSHAKE = "handshake"
_MOST_PATHS = 50
"""Paths that a gap names at most."""


class Reception:
    """Receives until cancelled.

    While a gap is filled, a few notifications are held back, so that the history comes before what is newer. If it
    takes longer, they go on, and the history follows; only values that mean nothing out of order wait for it.
    """

    def __init__(
        self,
        context: Context,
        session: Session,
        settings: OpcUaSourceSettings,
        subscription: Subscription,
        reader: Reader,
        progress: Progress,
        backfill: Backfill,
        exchange: Exchange | None,
        skew: timedelta,
    ) -> None:
        self._context = context
        self._session = session
        self._settings = settings
        self._subscription = subscription
        self._reader = reader
        self._progress = progress
        self._backfill = backfill
        self._exchange = exchange
        self._skew = skew
        self.stream = Stream(session, subscription.number, subscription.revised.silence)
        self._held: deque[Notification | Missing | Rest] = deque()
        self._filling = self._asking = False
        self._has_holes = asyncio.Event()
        self._fresh: set[str] = set()
        self._filled = asyncio.Event()
        self._gone: dict[str, str | None] = {}

    @property
    def durable(self) -> Position | None:
        """The last position that is on disk; None where nothing was received yet."""
        return self._progress.durable

    async def begin(self) -> None:
        """Go on where the cursor says: hand over gaps, and what the server kept; histories follow in `run`."""
        last = await self._progress.begin(self._server_time())
        if self._subscription.remembered.missing_since is not None:
            await self._report_gap()
        await self._renewed(self._subscription.renewed)
        if self._exchange is not None:
            self._exchange.state = HandshakeState(**self._progress.position.tags.get(_HANDSHAKE, {}))
            for step in await self._exchange.resume(is_new=self._subscription.is_new):
                await self._exchanged(step)
        else:
            if self._progress.position.holes:
                self._fill_soon(self._progress.position.holes)
            self._context.start(self._fill(), name="backfill")
        if not self._subscription.is_new:
            self._reader.resumed = set(self._reader.items)
            await self._arrived(await self.stream.resume(last, self._subscription.available))

    async def run(self) -> None:
        """Raises NotConnected or SubscriptionGone."""
        while True:
            await self._room()
            await self._arrived(await self.stream.next())
            if self._reader.gone:
                self._forget_gone()

    async def _room(self) -> None:
        """Wait until another notification may come; the server holds back the others."""
        while self._must_wait() and self._progress.keeps_order and len(self._held) >= self._settings.in_flight:
            self._filled.clear()
            try:
                async with asyncio.timeout(self._progress.patience):
                    await self._filled.wait()
            except TimeoutError:
                await self._subscription.touch()
        await self._progress.room(more=self.stream.has_more)

    def _forget_gone(self) -> None:
        for handle in self._reader.gone:
            self._subscription.forget_item(handle)
            self._gone.setdefault(self._reader.items[handle].path, self._progress.position.time)
        self._reader.gone.clear()

    async def ask_anew(self, match: Callable[[], Awaitable[None]]) -> None:
        """Let `match` ask for nodes that were not there; what it brings waits for the gaps of those that are again."""
        self._asking = True
        try:
            await match()
            await self._renewed(self._subscription.renewed)
        finally:
            self._asking = False
        self._filled.set()
        await self._arrived([])

    async def _renewed(self, items: Sequence[Item]) -> None:
        """The server has the nodes of these items again, and nobody knows for how long it has had them."""
        for item in items:
            since = self._gone.pop(item.path, self._progress.position.time)
            is_filled = since is not None and item.handle in self._reader.fillable
            facts = {"filled": is_filled, "node": item.node, "name": item.name, "path": item.path}
            gap = gap_record("the server did not have the node", since=since, until=self._server_time(), **facts)
            self._warn(gap)
            holes = {str(item.handle): since} if since is not None and is_filled else {}
            async with self._progress.lock:
                await self._progress.deliver([gap], self._progress.next(holes=self._progress.widened(holes)))
                self._fill_soon(holes)

    async def _arrived(self, found: Sequence[Notification | Missing]) -> None:
        async with self._progress.lock:
            self._held.extend(found)
            await self._release()

    async def _release(self) -> None:
        """Take what was held back, as far as nothing has to come before it."""
        while self._held and not self._must_wait():
            await self._take(self._held.popleft())

    def _must_wait(self) -> bool:
        return (self._filling or self._asking) and (
            self._progress.keeps_order or len(self._held) <= self._settings.in_flight
        )

    async def _take(self, found: Notification | Missing | Rest) -> None:
        if isinstance(found, Missing):
            await self._missed(found)
            return
        if isinstance(found, Rest):
            await self._taken(self._reader.still_new(found.records), found.notification)
            return
        records = self._reader.records(found)
        for record in records:
            if record["kind"] == "gap":
                self._warn(record)
            elif found.again:
                record["origin"] = "republished"
        if self._exchange is not None:
            await self._negotiate(self._exchange, records, found)
        elif self._reader.holes:
            await self._split(records, found)
        else:
            await self._taken(self._reader.still_new(records), found)

    async def _taken(self, records: list[Record], found: Notification) -> None:
        await self._progress.take(records, self._behind(found), lambda: self.stream.acknowledge(found.sequence))

    def _behind(self, found: Notification) -> Position:
        published = time_text(found.message.PublishTime) or self._server_time()
        return self._progress.next(sequence=found.sequence, time=published)

    def _server_time(self) -> str | None:
        return time_text(datetime.now(UTC) + self._skew)

    async def _split(self, records: list[Record], found: Notification) -> None:
        """Hand over what is before the first gap that can be filled, and that gap; the rest waits for the history."""
        first = next(number for number, record in enumerate(records, 1) if record.get("filled"))
        published = self._progress.position.time
        holes = {str(handle): begin_of(published, last) or last for handle, last in self._reader.holes.items()}
        self._reader.holes.clear()
        known = {handle: since for handle, since in holes.items() if since is not None}
        head = self._reader.still_new(records[:first])
        await self._progress.take(head, self._progress.next(holes=self._progress.widened(known)))
        self._held.appendleft(Rest(records[first:], found))
        self._fill_soon(known)

    async def _missed(self, missing: Missing) -> None:
        reason, since = "the server does not have these notifications any more", self._progress.position.time
        lacking = self._backfill.lacking()
        is_fillable = since is not None and self._exchange is None
        gap = gap_record(
            reason,
            since=since,
            until=None,
            first=missing.first,
            last=missing.last,
            filled=is_fillable and not lacking,
            without_history=lacking[:_MOST_PATHS],
        )
        self._warn(gap)
        holes = {EVERY: since} if since is not None and self._exchange is None else {}
        position = self._progress.next(sequence=missing.last, holes=self._progress.widened(holes))
        await self._progress.deliver([gap], position)
        self._fill_soon(holes)
        if self._exchange is not None:
            # The trigger may have changed in what is missing, and nobody would say so again.
            for step in await self._exchange.resume(is_new=True):
                await self._exchanged(step)

    def _fill_soon(self, holes: dict[str, str]) -> None:
        if holes:
            self._fresh.update(holes)
            self._filling = True
            self._has_holes.set()

    async def _fill(self) -> None:
        """Fills holes, one round after the other. Raises NotConnected."""
        while True:
            await self._has_holes.wait()
            self._has_holes.clear()
            self._fresh.clear()
            until = aware((await read_limits(self._session)).clock or datetime.now(UTC) + self._skew)
            try:
                await self._backfill.fill(self._progress.position.holes, until, self._brought)
                async with self._progress.lock:
                    holes = {
                        name: since for name, since in self._progress.position.holes.items() if name in self._fresh
                    }
                    await self._progress.deliver([], self._progress.next(holes=holes))
                    self._filling = bool(self._fresh)
                    self._filled.set()
                    await self._release()
            except SubscriptionGone as gone:
                raise NotConnected(str(gone)) from gone
            except UaError as error:
                raise NotConnected(f"the server refused: {error}") from error

    async def _brought(self, records: list[Record]) -> None:
        for record in records:
            if record["kind"] == "gap":
                self._warn(record)
        async with self._progress.lock:
            await self._progress.take_old(records)

    async def _negotiate(self, exchange: Exchange, records: Sequence[Record], found: Notification) -> None:
        """One step of the handshake after the other; each is durable before the machine hears of it."""
        for record in records:
            if record["kind"] == "gap":
                await self._progress.deliver([record], self._progress.next())
                continue
            for step in await exchange.see(record):
                await self._exchanged(step)
        await self._progress.deliver([], self._behind(found), lambda: self.stream.acknowledge(found.sequence))

    async def _exchanged(self, step: Step) -> None:
        records = [] if step.record is None else [step.record]
        await self._progress.deliver(records, self._progress.next(tags={_HANDSHAKE: step.state.to_json()}))
        await step.then()

    def _warn(self, gap: Record) -> None:
        self._context.log.warning(Event.SOURCE_GAP, **{name: gap[name] for name in gap if name != "kind"})

    async def _report_gap(self) -> None:
        """The server forgot the subscription: say so; its history follows."""
        remembered = self._subscription.remembered
        since = self._progress.position.time or remembered.missing_since
        until = aware((await read_limits(self._session)).clock or datetime.now(UTC) + self._skew)
        is_known = moment_of(since) is not None
        lacking = self._backfill.lacking()
        gap = gap_record(
            remembered.gap,
            since=since if is_known else None,
            until=time_text(until),
            filled=is_known and not lacking and self._exchange is None,
            without_history=lacking[:_MOST_PATHS],
        )
        self._warn(gap)
        # What was still to be filled bears handles of the former subscription.
        begins = [*self._progress.position.holes.values(), *([since] if since and is_known else [])]
        begun = min(begins, key=datetime.fromisoformat, default=None)
        holes = {} if begun is None or self._exchange is not None else {EVERY: begun}
        async with self._progress.lock:
            await self._progress.deliver([gap], self._progress.next(holes=holes))
            await self._progress.on_disk()
        remembered.missing_since, remembered.gap = None, ""
        self._subscription.remember()
