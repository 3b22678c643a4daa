"""A subscription on a server: taken over where it is still there, made anew where not, and its items kept right."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from tundish.errors import NotConnected
from tundish_connectors.opcua.limits import Limits, read_limits
from tundish_connectors.opcua.reasons import name_of
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.settings import OpcUaSourceSettings
from tundish_connectors.opcua.subscribing.items import Wanted, batches, create_request
from tundish_connectors.opcua.subscribing.memory import Position, Remembered, SubscriptionFile
from tundish_connectors.opcua.values.plain import aware, time_text
from tundish_connectors.opcua.values.records import FORMER, Item

_KEEP_ALIVE = 5.0
"""Seconds after which the server says that there is nothing to say."""
_JITTER = timedelta(seconds=1)
"""How exactly a server knows when it was started."""
_SILENT = 3
"""So many keep-alives may fail to come."""


@dataclass(slots=True)
class Revised:
    """What the server made of our wishes."""

    publishing: float = 0.0
    """Seconds."""
    lifetime: float = 0.0
    keepalive: float = _KEEP_ALIVE
    items: dict[str, tuple[float, int]] = field(default_factory=dict)
    """Sampling interval in seconds and size of the queue, by the item's key."""
    asked: dict[str, tuple[float, int]] = field(default_factory=dict)
    """The same as we asked for it."""
    failed: dict[str, str] = field(default_factory=dict)
    """Names of bad statuses, by the path of an item that the server refused."""

    @property
    def silence(self) -> float:
        """Seconds after which a server that said nothing is taken for gone."""
        return self.keepalive * _SILENT + self.publishing + 5.0


class Subscription:
    """The subscription of one source. What is remembered about it is on disk before anything depends on it."""

    def __init__(self, session: Session, settings: OpcUaSourceSettings, file: SubscriptionFile, limits: Limits) -> None:
        self._session = session
        self._settings = settings
        self._file = file
        self._limits = limits
        self.remembered = file.recall() or Remembered()
        self._items = self.remembered.by_handle()
        self.revised = Revised()
        self.available: list[int] | None = []
        """Sequence numbers that the server has for us; None where it did not say which."""
        self.is_new = False
        """It was made now, so what it brings first is what the nodes have now."""
        self.is_first = False
        """There was none before, so nothing can be missing."""
        self.renewed: list[Item] = []
        """Items of the last match whose nodes the server had not for a while."""

    @property
    def number(self) -> int:
        """The server's number for it."""
        return self.remembered.subscription

    def items(self) -> Mapping[int, Item]:
        """What each client handle stands for, former items included: something of them may still come.

        It grows before the server hears of an item, so nothing comes that is not known.
        """
        return self._items

    def current(self) -> list[Item]:
        """The items that are wanted now."""
        return [item for item in self._items.values() if item.setting >= 0]

    async def open(self) -> None:
        """Take the subscription over, or make one. Raises NotConnected."""
        why = ""
        if self.number and await self._was_restarted():
            why = "the server was started anew"
        elif self.number:
            if not self.remembered.silent and await self._take_over():
                return
            why = "the server does not know the subscription any more"
        await self._create(why)

    async def _was_restarted(self) -> bool:
        """Whether the server has lost the subscription for sure.

        Servers give their numbers anew after a start, so it may be another route's by now.
        """
        before, now = self.remembered.started, self._limits.started
        if before is None or now is None or abs(datetime.fromisoformat(before) - aware(now)) < _JITTER:
            return False
        # Some servers always say that they were started just now.
        await asyncio.sleep(_JITTER.total_seconds())
        once_more = (await read_limits(self._session)).started
        return once_more is not None and abs(aware(once_more) - aware(now)) < _JITTER / 2

    async def _take_over(self) -> bool:
        """Whether it is ours again."""
        self.available = await self._transferred()
        try:
            # Of a session that was resumed it never stopped being ours, also where the server refuses to transfer it.
            await self._modify()
        except UaError:
            return False
        return True

    async def _transferred(self) -> list[int] | None:
        """The sequence numbers that the server has for us; None where it does not say so.

        It is asked for a session that was resumed as well: some servers go on publishing only after that.
        """
        parameters = ua.TransferSubscriptionsParameters([ua.IntegerId(self.number)], False)
        try:
            (result,) = await self._session.ask(lambda: self._session.services.transfer_subscriptions(parameters))
        except UaError:
            # S7-1500 and others cannot transfer; there the history has to help.
            return None
        # BadNothingToDo: it is in this very session.
        return list(result.AvailableSequenceNumbers or ()) if result.StatusCode.is_good() else None

    async def _modify(self) -> None:
        asked = self._asked(ua.ModifySubscriptionParameters())
        asked.SubscriptionId = ua.IntegerId(self.number)
        self._read(await self._session.ask(lambda: self._session.services.update_subscription(asked)))

    async def _create(self, why: str) -> None:
        asked = self._asked(ua.CreateSubscriptionParameters())
        asked.PublishingEnabled = True
        services = self._session.services
        result = await self._session.ask(lambda: services.create_subscription(asked, lambda _: None))
        self._read(result)
        self.is_new, self.is_first = True, not self.number
        before = self.remembered
        self.remembered = Remembered(subscription=int(result.SubscriptionId), handle=before.handle, seen=before.seen)
        self.remembered.position = before.position
        self.remembered.started = time_text(self._limits.started)
        self._items.clear()
        if why:
            self.remembered.gap = why
            self.remembered.missing_since = before.missing_since or before.seen or "unknown"
        self._file.remember(self.remembered)

    def lost_memory(self, since: str | None) -> None:
        """There was one before, although nothing is remembered of it."""
        self.remembered.gap = "what was remembered of the subscription is lost"
        self.remembered.missing_since = since or "unknown"
        self._file.remember(self.remembered)

    def _asked(self, parameters: ua.CreateSubscriptionParameters) -> ua.CreateSubscriptionParameters:
        settings = self._settings
        interval = settings.publishing_interval
        keepalive = max(1, round(_KEEP_ALIVE / interval))
        parameters.RequestedPublishingInterval = ua.Duration(interval * 1000)
        parameters.RequestedMaxKeepAliveCount = ua.Counter(keepalive)
        # The lifetime is at least three keep-alives (OPC UA Part 4, 5.14.2.2).
        parameters.RequestedLifetimeCount = ua.Counter(max(3 * keepalive, round(settings.lifetime / interval)))
        parameters.MaxNotificationsPerPublish = ua.Counter(settings.most_values)
        return parameters

    def _read(self, result: ua.CreateSubscriptionResult | ua.ModifySubscriptionResult) -> None:
        interval = result.RevisedPublishingInterval / 1000
        self.revised.publishing = interval
        self.revised.lifetime = interval * result.RevisedLifetimeCount
        self.revised.keepalive = max(interval * result.RevisedMaxKeepAliveCount, 1.0)

    async def match(self, wanted: Sequence[Wanted], *, remove: bool) -> list[Item]:
        """Make the items on the server those that are wanted; returns the new ones.

        Refused ones are in `revised.failed`. Without `remove` nothing is taken away: some nodes may just be absent.
        """
        known = self.remembered.items
        keys = {each.key for each in wanted}
        if remove and (stale := [key for key in known if key not in keys and known[key][-1]]):
            await self._remove(stale)
        made: list[Item] = []
        gone = {each.key for each in wanted if each.key in known and not known[each.key][-1]}
        self.revised.failed.clear()
        for portion in batches([each for each in wanted if not known.get(each.key, [0])[-1]], self._limits.items):
            made += await self._add(portion)
        if made or (remove and stale):
            self._file.remember(self.remembered)
        self.renewed = [self._items[known[key][0]] for key in gone if key in known]
        return made

    async def _add(self, portion: Sequence[Wanted]) -> list[Item]:
        first = self.remembered.handle + 1
        self.remembered.handle += len(portion)
        requests = [create_request(each, first + index) for index, each in enumerate(portion)]
        parameters = ua.CreateMonitoredItemsParameters(ua.IntegerId(self.number), ua.TimestampsToReturn.Both, requests)
        # Notifications may overtake the answer, so the handles are known before.
        items = {each.key: each.item(first + index) for index, each in enumerate(portion)}
        for key, item in items.items():
            self._items[item.handle] = item
            self.remembered.items[key] = [*astuple(item), 0]
        results = await self._session.ask(lambda: self._session.services.create_monitored_items(parameters))
        made = []
        for each, result in zip(portion, results, strict=True):
            if result.StatusCode.is_good():
                item = replace(items[each.key], queue=int(result.RevisedQueueSize))
                self._items[item.handle] = item
                self.remembered.items[each.key] = [*astuple(item), int(result.MonitoredItemId)]
                self.revised.items[each.key] = (result.RevisedSamplingInterval / 1000, item.queue)
                self.revised.asked[each.key] = (each.sampling, each.queue)
                made.append(item)
            else:
                del self.remembered.items[each.key], self._items[items[each.key].handle]
                self.revised.failed[each.path] = name_of(result.StatusCode.value)
        return made

    async def _remove(self, keys: Sequence[str]) -> None:
        handles = [ua.IntegerId(self.remembered.items[key][-1]) for key in keys]
        size = self._limits.items or len(handles)
        for start in range(0, len(handles), size):
            portion = ua.DeleteMonitoredItemsParameters(ua.IntegerId(self.number), handles[start : start + size])
            await self._session.ask(partial(self._session.services.delete_monitored_items, portion))
        for key in keys:
            # What they collected may still come, so their handles keep their meaning; the settings are others now.
            values = self.remembered.items.pop(key)
            values[4], values[-1] = FORMER, 0
            self.remembered.items[f"former {values[0]}"] = values
        self._items.update(self.remembered.by_handle())

    def forget_item(self, handle: int) -> None:
        """The server says that the node of an item is gone: it is asked for anew with the next match."""
        for values in self.remembered.items.values():
            if values[0] == handle:
                values[-1] = 0

    @property
    def lacks_items(self) -> bool:
        """Whether the server dropped an item whose node went away."""
        return any(not values[-1] for key, values in self.remembered.items.items() if not key.startswith("former "))

    def remember(self) -> None:
        """Write down what is in `remembered`."""
        self._file.remember(self.remembered)

    async def delete(self) -> None:
        """Take it away from the server, where it was made only to look; what is remembered of it goes too."""
        self._file.forget()
        try:
            await self._session.ask(partial(self._session.services.delete_subscriptions, [self.number]))
        except (NotConnected, UaError):
            # Its lifetime ends by itself.
            return

    def give_up(self) -> None:
        """Make another one the next time: this one was taken over in vain."""
        if not self.is_new:
            self.remembered.silent = True
            self._file.remember(self.remembered)

    def remember_position(self, position: Position) -> None:
        """Write down a position that no unit carries."""
        self.remembered.position = asdict(position)
        self._file.remember(self.remembered)

    async def touch(self) -> None:
        """Use the subscription, so that its lifetime begins anew while we cannot publish."""
        await self._modify()
