"""Hands records over as units, and acknowledges notifications when their units are on disk, in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from tundish.model import Acceptance, Unit, Value
from tundish.sdk import Arrivals, Context, Intake, accept_patiently
from tundish_connectors.opcua.settings import OpcUaSourceSettings
from tundish_connectors.opcua.subscribing.memory import Position
from tundish_connectors.opcua.tags.chain import TagChain
from tundish_connectors.opcua.values.plain import encode_lines
from tundish_connectors.opcua.values.records import Record

Acknowledge = Callable[[int], None]
Remember = Callable[[Position], None]


def unit_of(records: Sequence[Record], position: Position, endpoint: str) -> Unit:
    """One unit: a line for each record."""
    meta: dict[str, Value] = {
        "endpoint": endpoint,
        "subscription": position.subscription,
        "sequence": position.sequence,
        "published": position.time,
        "records": len(records),
    }
    return Unit(
        body=encode_lines(records),
        received=datetime.now(UTC),
        meta=meta,
        # The journal takes two units of one name for one. A server gives its numbers again after a start, and a
        # history brings several units behind one notification; a step is taken once.
        name=f"{position.subscription}/{position.sequence}/{position.step}",
        cursor=position.encode(),
    )


class Pipeline:
    """Many notifications on their way to the disk at the same time; for values that nothing is done to."""

    def __init__(
        self, intake: Intake, context: Context, settings: OpcUaSourceSettings, endpoint: str, position: Position
    ) -> None:
        self._intake = intake
        self._endpoint = endpoint
        self._most = settings.in_flight
        self._arrivals = Arrivals(intake)
        self._arrivals.start(context, settings.in_flight)
        self._moved = asyncio.Event()
        self.position = position

    async def hand_over(self, records: Sequence[Record], position: Position, done: Callable[[], None]) -> None:
        """Take records over; `done` is called when they are on disk. Returns at once while there is room."""

        def accepted(_: Acceptance) -> None:
            done()
            self._moved.set()

        self.position = position
        self._arrivals.add(unit_of(records, position, self._endpoint), accepted)

    async def room(self, touch: Callable[[], Awaitable[None]], patience: float) -> None:
        """Wait until another notification may come; `touch` is awaited whenever that has lasted for `patience`."""
        while self._arrivals.unacknowledged >= self._most:
            await self._wait(touch, patience)

    async def empty(self, touch: Callable[[], Awaitable[None]], patience: float) -> None:
        """Wait until everything is on disk."""
        while self._arrivals.unacknowledged:
            await self._wait(touch, patience)

    async def _wait(self, touch: Callable[[], Awaitable[None]], patience: float) -> None:
        self._moved.clear()
        try:
            async with asyncio.timeout(patience):
                await self._moved.wait()
        except TimeoutError:
            await touch()


class Chains:
    """What the values of tags pass through, and its state."""

    def __init__(self, settings: OpcUaSourceSettings) -> None:
        self._settings = settings
        self._chains: dict[str, TagChain] = {}
        self._restored: dict[str, Any] = {}

    @property
    def are_needed(self) -> bool:
        """Whether any node has something that its values pass through."""
        return any(node.remembers for node in self._settings.nodes)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self._restored = dict(state)
        self._chains.clear()

    def take(self, records: Sequence[Record], settings: Callable[[Record], int | None]) -> list[Record]:
        """The records that are handed over because of these; `settings` tells which entry of `nodes` one is of."""
        passed: list[Record] = []
        now = time.monotonic()
        for record in records:
            number = settings(record) if record["kind"] == "value" else None
            if number is None or not self._settings.nodes[number].remembers:
                passed.append(record)
            else:
                passed += self._chain(record["path"], number, now).take(record, now)
        return passed

    def _chain(self, path: str, number: int, now: float) -> TagChain:
        if path not in self._chains:
            self._chains[path] = made = TagChain(self._settings.nodes[number])
            if path in self._restored:
                made.restore(self._restored.pop(path), now)
        return self._chains[path]

    def prepare(self, paths: Sequence[tuple[str, int]]) -> None:
        """Make the chains of these paths, so that what was held back when we stopped becomes due."""
        for path, number in paths:
            if path in self._restored:
                self._chain(path, number, time.monotonic())

    @property
    def due(self) -> float | None:
        """When the next value becomes due, by the monotonic clock."""
        return min((due for chain in self._chains.values() if (due := chain.due) is not None), default=None)

    def flush(self) -> list[Record]:
        """What is due by now."""
        now = time.monotonic()
        return [record for chain in self._chains.values() for record in chain.flush(now)]

    def state(self) -> dict[str, Any]:
        """For the cursor."""
        return self._restored | {path: chain.state() for path, chain in self._chains.items()}


async def accept(intake: Intake, records: Sequence[Record], position: Position, endpoint: str) -> None:
    """Hand one unit over, and wait until it is on disk."""
    await accept_patiently(intake, unit_of(records, position, endpoint))
