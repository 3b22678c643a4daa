"""Fetches from the server's history what a gap left out (OPC UA Part 11), item by item, while others go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from tundish.errors import NotConnected
from tundish_connectors.opcua.addressing.tree import NoSuchNode, ServerTree, find
from tundish_connectors.opcua.history.recorded import recorded, with_history
from tundish_connectors.opcua.limits import read_limits
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
        for item in self._subscription.current():
            since = self._begin(item, holes)
            if since is None or item.handle not in self._reader.fillable:
                continue
            why = silent or await self._fill(item, since, until, hand_over)
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

    async def _fill(self, item: Item, since: datetime, until: datetime, hand_over: HandOver) -> str:
        """Why it did not work; empty where it did."""
        margin = timedelta(seconds=self._settings.overlap)
        self._reader.overlapping[item.node] = until + margin
        try:
            events = await self._filter(item) if item.fields else None
            async for portion in recorded(self._session, item, since - margin, until + margin, events):
                await hand_over(await self._fitting(item, portion))
        except (UaError, NoSuchNode) as error:
            return str(error)
        except NotConnected as error:
            if not isinstance(error.__cause__, TimeoutError):
                raise
            # Where the server answers to other things, its history alone is out of order.
            await read_limits(self._session)
            return _SILENT
        return ""

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
