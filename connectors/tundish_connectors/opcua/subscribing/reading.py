"""What is in a notification: records, and what they say about things that are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from asyncua import ua

from tundish.errors import NotConnected
from tundish_connectors.opcua.history.repeats import Repeats
from tundish_connectors.opcua.reasons import name_of
from tundish_connectors.opcua.subscribing.events import REFRESHING
from tundish_connectors.opcua.subscribing.stream import Notification, SubscriptionGone
from tundish_connectors.opcua.values.records import Item, Record, event_record, gap_record, value_record

_FULL = "the server's queue was full, and may have been too short"
_NODE_GONE = frozenset({ua.StatusCodes.BadNodeIdUnknown, ua.StatusCodes.BadNodeIdInvalid})


class Reader:
    """Reads the notifications of one subscription."""

    def __init__(self, items: Mapping[int, Item], repeats: Repeats) -> None:
        self.items = items
        self.repeats = repeats
        self.unwanted: set[int] = set()
        """Handles whose first value is what the node has anyway, and is not wanted."""
        self.resumed: set[int] = set()
        """Handles of a subscription that was resumed: some servers say once more what they said last."""
        self.gone: set[int] = set()
        """Handles whose nodes the server has no more."""
        self.fillable: Collection[int] = frozenset()
        """Handles of items whose history may be read, and is wanted."""
        self.holes: dict[int, str | None] = {}
        """Handles of fillable items that the notifications read last lack something of, and since when."""
        self.overlapping: dict[str, datetime] = {}
        """By node: until this time of the server, what comes may be in the history that was read."""
        self._last: dict[int, tuple[Any, ...]] = {}
        self._strange: set[int] = set()
        self._waiting: Counter[int] = Counter()
        self._before: dict[int, str | None] = {}
        self._full: set[int] = set()
        self._tells_overflow = False

    def records(self, notification: Notification) -> list[Record]:
        """Its records, in order. Raises SubscriptionGone or NotConnected where it says that it is the last."""
        found: list[Record] = []
        self._full = self._full_queues(notification)
        for data in notification.message.NotificationData or ():
            if isinstance(data, ua.DataChangeNotification):
                for change in data.MonitoredItems:
                    found += self._values(change, again=notification.again)
            elif isinstance(data, ua.EventNotificationList):
                found += self._events(data)
            elif isinstance(data, ua.StatusChangeNotification):
                _ended(data.Status)
        return found

    def _full_queues(self, notification: Notification) -> set[int]:
        """Handles of which as much came at once as the server keeps.

        Some servers drop what is beyond and do not say so. A queue of one is meant to hold the newest alone.
        """
        full: set[int] = set()
        for handle, number in Counter(map(int, _handles(notification))).items():
            item, before = self.items.get(handle), self._waiting[handle]
            if not before:
                self._before[handle] = self.last_time(handle)
            self._waiting[handle] = before + number
            if item is not None and before < item.queue <= before + number and item.queue > 1:
                full.add(handle)
        if not notification.more:
            self._waiting.clear()
        return full

    def _values(self, change: ua.MonitoredItemNotification, *, again: bool) -> Iterator[Record]:
        handle = int(change.ClientHandle)
        item, data = self.items.get(handle), change.Value
        if item is None:
            yield from self._unknown(handle)
            return
        if data is None:
            return
        if data.StatusCode is not None and data.StatusCode.value in _NODE_GONE:
            self.gone.add(handle)
        record = value_record(item, data)
        if handle in self.unwanted:
            self.unwanted.discard(handle)
            # Where the queue was too short, it is not the first one any more.
            if "overflow" not in record:
                return
        if self._is_repeat(handle, record, again=again):
            return
        if "overflow" in record:
            self._tells_overflow = True
            yield self._hole(item, "the server's queue was too short", record["source_time"], path=item.path)
        elif handle in self._full and not self._tells_overflow:
            yield self._hole(item, _FULL, record["source_time"], path=item.path)
        self._last[handle] = _said(record)
        yield record

    def _unknown(self, handle: int) -> Iterator[Record]:
        """Once for each; nothing else is known about it."""
        if handle not in self._strange:
            self._strange.add(handle)
            yield gap_record("the server reports an item that is not known here", since=None, until=None, handle=handle)

    def _hole(self, item: Item, reason: str, until: str | None, **facts: object) -> Record:
        self._full.discard(item.handle)
        since = self._before.get(item.handle)
        filled = item.handle in self.fillable
        if filled:
            self.holes.setdefault(item.handle, since)
        return gap_record(reason, since=since, until=until, filled=filled, node=item.node, name=item.name, **facts)

    def last_time(self, handle: int) -> str | None:
        """The time of what came last of an item in this life; None where nothing did."""
        time: str | None = self._last.get(handle, (None,))[0]
        return time

    def still_new(self, records: list[Record]) -> list[Record]:
        """Without what the history has brought meanwhile."""
        if not self.overlapping:
            return records
        return [record for record in records if not (self._overlaps(record) and self.repeats.knows(record))]

    def _is_repeat(self, handle: int, record: Record, *, again: bool) -> bool:
        # Of one node, two reports with the same time, value and status are one; after a session was resumed, servers
        # repeat what they said last.
        if record["source_time"] is not None and self._last.get(handle) == _said(record):
            return True
        # What was fetched again was never acknowledged, so nobody had it.
        if again or handle not in self.resumed:
            return False
        self.resumed.discard(handle)
        return self.repeats.knows(record)

    def _overlaps(self, record: Record) -> bool:
        until = self.overlapping.get(record.get("node", ""))
        text = record.get("time") if record["kind"] == "event" else record.get("source_time")
        return until is not None and text is not None and datetime.fromisoformat(text) <= until

    def _events(self, data: ua.EventNotificationList) -> Iterator[Record]:
        for event in data.Events:
            handle = int(event.ClientHandle)
            item = self.items.get(handle)
            if item is None:
                yield from self._unknown(handle)
                continue
            record = event_record(item, list(event.EventFields))
            if record.get("event_type") in REFRESHING:
                continue
            if record.get("event_type") == f"i={ua.ObjectIds.EventQueueOverflowEventType}":
                yield self._hole(item, "the server's queue of events was too short", record.get("time"))
            elif handle in self._full:
                yield self._hole(item, _FULL, record.get("time"))
            if record.get("time") is not None:
                self._last[handle] = (record["time"],)
            yield record


def _handles(notification: Notification) -> Iterator[ua.IntegerId]:
    for data in notification.message.NotificationData or ():
        for each in getattr(data, "MonitoredItems", None) or getattr(data, "Events", None) or ():
            yield each.ClientHandle


def _said(record: Record) -> tuple[Any, ...]:
    return (record["source_time"], record["value"], record["status"])


def _ended(status: ua.StatusCode) -> None:
    name = name_of(status.value)
    if name == "GoodSubscriptionTransferred":
        raise NotConnected("another client took the subscription over; two daemons share one data folder or name")
    if not status.is_good():
        raise SubscriptionGone(f"the server ended the subscription: {name}")
