"""Fetches from the server's history what a gap left out (OPC UA Part 11), item by item, while others go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from tundish.errors import NotConnected
from tundish_connectors.opcua.addressing.tree import NoSuchNode, ServerTree, find
from tundish_connectors.opcua.history.recorded import newest, recorded, with_history
from tundish_connectors.opcua.limits import read_limits
from tundish_connectors.opcua.reasons import is_over, may_pass
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.settings import OpcUaSourceSettings
from tundish_connectors.opcua.subscribing.events import EventTypes, event_filter
from tundish_connectors.opcua.subscribing.reading import Reader
from tundish_connectors.opcua.subscribing.subscription import Subscription
from tundish_connectors.opcua.values.plain import time_text
from tundish_connectors.opcua.values.records import Item, Record, gap_record

EVERY = "*"
"""In place of a client handle: something of any item may be missing."""
_LARGEST_LAG = timedelta(hours=1)
"""How far the clock of a device may be behind that of the server."""

HandOver = Callable[[list[Record]], Awaitable[None]]


class Backfill:
    """Knows which items have a history, and reads it."""

    def __init__(
        self, session: Session, settings: OpcUaSourceSettings, subscription: Subscription, reader: Reader, most: int
    ) -> None:
        """`most` is how many nodes the server takes in one call, 0 for any number."""
        self._session = session
        self._settings = settings
        self._subscription = subscription
        self._reader = reader
        self._most = most
        self._types = EventTypes(session)
        self._wanted: dict[str, str | None] = {}
        self._pauses: list[float] = []

    async def learn(self) -> None:
        """Ask which of the items have a history that may be read. Raises NotConnected."""
        asked = [item for item in self._subscription.current() if self._is_wished(item)]
        self._reader.fillable = {item.handle for item in await with_history(self._session, asked, self._most)}

    def _is_wished(self, item: Item) -> bool:
        if item.fields:
            return self._settings.events[item.setting].history
        # The trigger of a handshake is no entry of `nodes`; what it was once says nothing about what is offered now.
        return self._settings.handshake is None and self._settings.nodes[item.setting].history

    def lacking(self) -> list[str]:
        """Paths of the items whose history cannot be read, or is not wanted."""
        return sorted(item.path for item in self._subscription.current() if item.handle not in self._reader.fillable)

    async def fill(self, holes: Mapping[str, str], until: datetime, hand_over: HandOver) -> None:
        """Bring what is recorded of each item since its hole began. Where that is refused, a gap says so.

        `hand_over` gets portions, the oldest first, and drops what was there already. Raises NotConnected.
        """
        silent = ""
        items = [item for item in self._subscription.current() if item.handle in self._reader.fillable]
        begins = {item.handle: begin for item in items if (begin := self._begin(item, holes)) is not None}
        items = [item for item in items if item.handle in begins]
        ends = await newest(self._session, [item for item in items if not item.fields], self._most)
        self._pauses = list(_PAUSES)
        for item in items:
            since = begins[item.handle]
            why = silent or await self._fill(item, since, until, ends.get(item.handle), hand_over)
            if why == _SILENT:
                silent = why
            if why:
                facts = {"filled": False, "node": item.node, "name": item.name, "path": item.path}
                reason = f"no history: {why}"
                await hand_over([gap_record(reason, since=time_text(since), until=time_text(until), **facts)])

    def _begin(self, item: Item, holes: Mapping[str, str]) -> datetime | None:
        found = [moment] if (moment := moment_of(holes.get(str(item.handle)))) is not None else []
        if (moment := moment_of(begin_of(holes.get(EVERY), self._reader.last_time(item.handle)))) is not None:
            found.append(moment)
        return min(found, default=None)

    async def _fill(self, item: Item, since: datetime, until: datetime, end: Record | None, hand_over: HandOver) -> str:
        """Why it did not work; empty where it did. `end` is what the node has now."""
        margin = timedelta(seconds=self._settings.overlap)
        self._reader.overlapping[item.node] = until + margin
        begin, last = since - margin, None
        while True:
            try:
                async for portion in self._portions(item, begin, until + margin):
                    await hand_over(portion)
                    last = portion[-1] if portion else last
                why = "" if end is None or _is_reached(end, since, last) else f"it ends before {end['source_time']}"
            except (UaError, NoSuchNode) as error:
                if is_over(error):
                    raise NotConnected(f"the session ended: {error}") from error
                why = str(error)
                if not may_pass(error):
                    return why
            except NotConnected as error:
                if not isinstance(error.__cause__, TimeoutError):
                    raise
                # Where the server answers to other things, its history alone is out of order.
                await read_limits(self._session)
                return _SILENT
            if not why or not self._pauses:
                return why
            await asyncio.sleep(self._pauses.pop(0))
            begin = begin if last is None else _time(last) or begin

    async def _portions(self, item: Item, since: datetime, until: datetime) -> AsyncIterator[list[Record]]:
        events = await self._filter(item) if item.fields else None
        async for portion in recorded(self._session, item, since, until, events):
            yield await self._fitting(item, portion)

    async def _filter(self, item: Item) -> ua.EventFilter:
        settings = self._settings.events[item.setting]
        if settings.type is not None and settings.type not in self._wanted:
            self._wanted[settings.type] = (await find(ServerTree(self._session), settings.type))[0].node
        type_ = None if settings.type is None else self._wanted[settings.type]
        return event_filter(settings, type_)[0]

    async def _fitting(self, item: Item, records: Sequence[Record]) -> list[Record]:
        """What the filter of an item means as well; some servers record with all events, and leave it aside."""
        if not item.fields:
            return list(records)
        settings = self._settings.events[item.setting]
        wanted = None if settings.type is None else self._wanted[settings.type]
        fitting: list[Record] = []
        for record in records:
            severe = record["severity"] is None or record["severity"] >= settings.severity
            if severe and await self._types.is_one(record["event_type"], wanted):
                fitting.append(record)
        return fitting


_SILENT = "the server does not answer"
_PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before another attempt, for all items of one round: a historian may be behind what is published."""


def _time(record: Record) -> datetime | None:
    return moment_of(record.get("source_time"))


def _is_reached(end: Record, since: datetime, last: Record | None) -> bool:
    """Whether a history is as new as what a node has now; where that has no time, nobody can say."""
    now = _time(end)
    if now is None or now <= since:
        return True
    if last is None:
        return False
    reached = _time(last)
    return reached is None or reached >= now or last["value"] == end["value"]


def begin_of(published: str | None, last: str | None) -> str | None:
    """Since when something of an item may be missing: since the last notification, by the server's clock, or, where
    the clock of its device is behind, since the last value that came."""
    began, came = moment_of(published), moment_of(last)
    if began is None or came is None:
        return published
    return last if timedelta(0) < began - came < _LARGEST_LAG else published


def moment_of(text: str | None) -> datetime | None:
    """A time of the records; None where it is none."""
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
