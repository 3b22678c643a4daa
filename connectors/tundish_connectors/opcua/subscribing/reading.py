"""What is in a notification: records, and what they say about things that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from asyncua import ua

from tundish.errors import NotConnected
from tundish_connectors.opcua.reasons import name_of
from tundish_connectors.opcua.subscribing.events import REFRESHING
from tundish_connectors.opcua.subscribing.repeats import Repeats
from tundish_connectors.opcua.subscribing.stream import Notification, SubscriptionGone
from tundish_connectors.opcua.values.records import Item, Record, event_record, gap_record, value_record

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
        self.overlapping_until: datetime | None = None
        """Until this time of the server, live values may be in the history that was read."""
        self._last: dict[int, tuple[Any, ...]] = {}

    def records(self, notification: Notification) -> list[Record]:
        """Its records, in order. Raises SubscriptionGone or NotConnected where it says that it is the last."""
        found: list[Record] = []
        for data in notification.message.NotificationData or ():
            if isinstance(data, ua.DataChangeNotification):
                for change in data.MonitoredItems:
                    found += self._values(change, again=notification.again)
            elif isinstance(data, ua.EventNotificationList):
                found += self._events(data)
            elif isinstance(data, ua.StatusChangeNotification):
                _ended(data.Status)
        return found

    def _values(self, change: ua.MonitoredItemNotification, *, again: bool) -> Iterator[Record]:
        handle = int(change.ClientHandle)
        item, data = self.items.get(handle), change.Value
        if item is None or data is None:
            return
        if data.StatusCode is not None and data.StatusCode.value in _NODE_GONE:
            self.gone.add(handle)
        record = value_record(item, data)
        if handle in self.unwanted:
            self.unwanted.discard(handle)
            return
        if self._is_repeat(handle, record, data.SourceTimestamp, again=again):
            return
        if "overflow" in record:
            since = self._last.get(handle, (None,))[0]
            facts: dict[str, Any] = {"node": item.node, "name": item.name, "path": item.path}
            yield gap_record("the server's queue was too short", since=since, until=record["source_time"], **facts)
        self._last[handle] = _said(record)
        yield record

    def _is_repeat(self, handle: int, record: Record, time: datetime | None, *, again: bool) -> bool:
        if self._overlaps(time) and self.repeats.knows(record):
            return True
        # Of one node, two reports with the same time, value and status are one; after a session was resumed, servers
        # repeat what they said last.
        if record["source_time"] is not None and self._last.get(handle) == _said(record):
            return True
        # What was fetched again was never acknowledged, so nobody had it.
        if again or handle not in self.resumed:
            return False
        self.resumed.discard(handle)
        return self.repeats.knows(record)

    def _overlaps(self, time: datetime | None) -> bool:
        if self.overlapping_until is None or time is None:
            return False
        return (time if time.tzinfo else time.replace(tzinfo=UTC)) <= self.overlapping_until

    def _events(self, data: ua.EventNotificationList) -> Iterator[Record]:
        for event in data.Events:
            item = self.items.get(int(event.ClientHandle))
            if item is None:
                continue
            record = event_record(item, list(event.EventFields))
            if record.get("event_type") in REFRESHING:
                continue
            if record.get("event_type") == f"i={ua.ObjectIds.EventQueueOverflowEventType}":
                time = record.get("time")
                yield gap_record("the server's queue of events was too short", since=None, until=time, node=item.node)
            yield record


def _said(record: Record) -> tuple[Any, ...]:
    return (record["source_time"], record["value"], record["status"])


def _ended(status: ua.StatusCode) -> None:
    name = name_of(status.value)
    if name == "GoodSubscriptionTransferred":
        raise NotConnected("another client took the subscription over; two daemons share one data folder or name")
    if not status.is_good():
        raise SubscriptionGone(f"the server ended the subscription: {name}")
