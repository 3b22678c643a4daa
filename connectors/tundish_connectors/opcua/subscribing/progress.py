"""How far a source is: records go to the disk, each unit with the position that it makes durable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tundish.sdk import Context, Intake
from tundish_connectors.opcua.settings import OpcUaSourceSettings
from tundish_connectors.opcua.subscribing.handover import Chains, Pipeline, accept
from tundish_connectors.opcua.subscribing.memory import Position
from tundish_connectors.opcua.subscribing.reading import Reader
from tundish_connectors.opcua.subscribing.subscription import Subscription
from tundish_connectors.opcua.values.records import Record


def _nothing() -> None:
    """Nobody waits for it."""


class Progress:
    """Of one life of a source. Whoever moves it holds its lock."""

    def __init__(
        self,
        intake: Intake,
        context: Context,
        settings: OpcUaSourceSettings,
        subscription: Subscription,
        reader: Reader,
        endpoint: str,
    ) -> None:
        self._intake = intake
        self._context = context
        self._settings = settings
        self._subscription = subscription
        self._reader = reader
        self._endpoint = endpoint
        self._chains = Chains(settings)
        self.keeps_order = self._chains.are_needed
        """Values mean something only in their order."""
        self._pipeline: Pipeline | None = None
        self.lock = asyncio.Lock()
        self.position = Position(subscription=subscription.number)
        self.durable: Position | None = None
        """The last position that is on disk; None where nothing was received yet."""

    async def begin(self, now: str | None) -> int | None:
        """Go on where the cursor says; returns the last notification of this subscription that is on disk.

        `now` is the server's time: before the first notification nothing is known to be there since earlier.
        """
        cursor, kept = await self._intake.cursor(), self._subscription.remembered.position
        found = [each for each in (Position.decode(cursor), Position(**kept) if kept else None) if each is not None]
        newest = max(found, key=lambda each: each.step, default=Position())
        number = self._subscription.number
        last = newest.sequence if newest.subscription == number and newest.sequence else None
        if self._subscription.is_first and newest.subscription:
            self._subscription.lost_memory(newest.time)
        self.position = replace(newest, subscription=number, sequence=last or 0, time=newest.time or now)
        self._chains.restore(self.position.tags)
        self._chains.prepare([(path, number) for path, number in self._numbers().items()])
        if self._settings.handshake is not None:
            return last
        if self.keeps_order:
            self._context.start(self._flush(), name="debounce")
        else:
            self._pipeline = Pipeline(self._intake, self._context, self._settings, self._endpoint, self.position)
        return last

    def next(self, **changes: Any) -> Position:
        """The position after this one."""
        return replace(self.position, step=self.position.step + 1, **changes)

    def widened(self, holes: Mapping[str, str]) -> dict[str, str]:
        """The holes that are known, and these; of the same one the earlier beginning."""
        known = self.position.holes
        return known | {
            handle: min(since, known.get(handle, since), key=datetime.fromisoformat) for handle, since in holes.items()
        }

    async def room(self, *, more: bool) -> None:
        """Wait until another notification may come; `more` are ready on the server.

        Acknowledgements travel with the request for what is next. While there is more, they follow later; otherwise
        the server would hear of them only when the next change, or a keep-alive, comes.
        """
        if self._pipeline is not None:
            wait = self._pipeline.room if more else self._pipeline.empty
            await wait(self._subscription.touch, self.patience)

    @property
    def patience(self) -> float:
        """Seconds after which the subscription has to be touched while we do not publish."""
        return max(1.0, self._subscription.revised.lifetime / 4)

    async def on_disk(self) -> None:
        """Wait until everything is durable."""
        if self._pipeline is not None:
            await self._pipeline.empty(self._subscription.touch, self.patience)

    async def take(
        self, records: Sequence[Record], position: Position, acknowledge: Callable[[], None] = _nothing
    ) -> None:
        """Pass values through what their tags say, and deliver what is left."""
        if not self.keeps_order:
            await self.deliver(records, position, acknowledge)
            return
        numbers = self._numbers()
        passed = self._chains.take(records, lambda record: numbers.get(record["path"]))
        await self.deliver(passed, replace(position, tags=self._chains.state()), acknowledge, seen=records)

    async def take_old(self, records: Sequence[Record]) -> None:
        """The same for what a history brings, without what was there already."""
        # What is on its way to the disk is not known as there before it has arrived.
        await self.on_disk()
        fresh = [record for record in records if not self._reader.repeats.knows(record)]
        if fresh:
            await self.take(fresh, self.next())

    async def deliver(
        self,
        records: Sequence[Record],
        position: Position,
        acknowledge: Callable[[], None] = _nothing,
        *,
        seen: Sequence[Record] = (),
    ) -> None:
        """On disk first, acknowledged then, whether there are records or not. `seen` need not come once more."""

        def done() -> None:
            self.durable = position
            self._reader.repeats.saw(seen or records)
            acknowledge()

        if self._pipeline is not None and records:
            self.position = position
            await self._pipeline.hand_over(records, position, done)
            return
        if records:
            await accept(self._intake, records, position, self._endpoint)
        else:
            # Nothing is handed over, but the position, and what tags remember, are to survive.
            await self.on_disk()
            self._subscription.remember_position(position)
        self.position = position
        done()

    def _numbers(self) -> dict[str, int]:
        return {item.path: item.setting for item in self._subscription.current() if not item.fields}

    async def _flush(self) -> None:
        """Hands over values that have been the same for long enough."""
        while True:
            due = self._chains.due
            await asyncio.sleep(0.05 if due is None else max(0.0, min(due - time.monotonic(), 0.05)))
            if due is None or time.monotonic() < due:
                continue
            async with self.lock:
                if records := self._chains.flush():
                    await self.deliver(records, self.next(tags=self._chains.state()))
