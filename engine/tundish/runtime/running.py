"""A route at work: its source, its intake, and one outlet per destination."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tundish.errors import Bug, ConfigurationError, Invalid
from tundish.journal.contract import STEPS, Journal, OpenDelivery
from tundish.plan.route import RoutePlan
from tundish.runtime.accepting.intake import RouteIntake
from tundish.runtime.accepting.replies import Replies
from tundish.runtime.components import Life
from tundish.runtime.delivering.attempt import Attempts, Target
from tundish.runtime.delivering.lane import Item, Limits
from tundish.runtime.delivering.messages import InHand, Messages
from tundish.runtime.delivering.outlet import Outlet
from tundish.runtime.supervisor import Supervisor
from tundish.runtime.versions import LoadedVersion, Workshop
from tundish.sdk import Connection, Logger, Source
from tundish.telemetry import Event

STOP_SOURCE_WITHIN = 5.0
ACKNOWLEDGE_WITHIN = 2.0
POLL = 0.01
"""Seconds between two looks at whether what is in flight has ended."""


@dataclass(slots=True)
class Hub:
    """What the daemon shares with all of its routes."""

    journal: Journal
    supervisor: Supervisor
    log: Logger
    data: Path
    plan_of: Callable[[int], Awaitable[RoutePlan]]
    """Compiles a route version that the journal has; raises ConfigurationError."""
    journal_full: Callable[[str], None]
    """Hears why nothing could be written, and an empty text when something was written again."""
    refusal: Callable[[], str]
    """Why the daemon takes nothing now, or an empty text."""
    limits: Limits = field(default_factory=Limits)
    backlog: int = 1_000_000
    """Open deliveries of one route beyond which its source has to wait."""
    connections: Mapping[str, Life[Connection[Any]]] = field(default_factory=dict)
    plans: dict[int, RoutePlan] = field(default_factory=dict)
    """The route versions that ran since the start, by their number."""
    fresh_from: int | None = None
    """The first message that this process accepted; older ones may be what killed the process before."""

    def load(self, plan: RoutePlan, number: int, changed: Callable[[], None]) -> LoadedVersion:
        """Build a route version on the connections of now. Raises ConfigurationError."""
        return LoadedVersion(plan, number, Workshop(self.supervisor, self.log, self.data, self.connections), changed)


class RunningRoute:
    """Implements `Lines` for its intake. `begin` → `deliver` → `stop_source` → `drain` → `close`."""

    def __init__(self, plan: RoutePlan, number: int, hub: Hub, *, with_source: bool = True) -> None:
        """Build the outlets and, for a route of the project, the source. Raises ConfigurationError."""
        self.name = plan.name
        self.messages = Messages(hub.journal)
        self._replies = Replies(plan, hub.journal)
        self.backlog = 0
        """Open deliveries, as far as this process counted."""
        self._hub = hub
        hub.plans[number] = plan
        self._open = False
        self._loading = asyncio.Lock()
        self._scope = hub.supervisor.scope(plan.name)
        self.current = hub.load(plan, number, self.pump)
        self.versions: dict[int, LoadedVersion] = {number: self.current}
        self.outlets = {destination: self._outlet(destination) for destination in plan.destinations}
        self.source: Life[Source[Any, Any]] | None = self.current.source() if with_source else None
        self.intake = RouteIntake(
            plan,
            number,
            journal=hub.journal,
            lines=self,
            supervisor=hub.supervisor,
            log=hub.log,
            journal_full=hub.journal_full,
            replies=self._replies,
        )

    def _outlet(self, destination: str) -> Outlet:
        plan = self.current.plan
        attempts = Attempts(
            destination,
            journal=self._hub.journal,
            messages=self.messages,
            target_of=partial(self._target_of, destination),
            is_wary=self._is_wary,
        )
        known = plan.destinations.get(destination)
        return Outlet(
            self.name,
            destination,
            ordered=plan.key is not None,
            concurrency=known.concurrency if known else 1,
            holds=plan.after_dead_letter == "hold",
            journal=self._hub.journal,
            messages=self.messages,
            attempts=attempts,
            supervisor=self._hub.supervisor,
            log=self._hub.log,
            buried=self._buried,
            ended=self._ended,
            settled=self._replies.settled,
            limits=self._hub.limits,
        )

    # Life.

    def begin(self) -> None:
        """Open every component and take units; what they bring waits in the journal until `deliver`."""
        self.current.start()
        if self.source is not None:
            self._scope.start(self.source.run(lambda source: source.run(self.intake)), name="source")

    async def deliver(self) -> None:
        """Begin to deliver, with what the journal has open."""
        await self._restore_holds()
        self._open = True
        for outlet in self.outlets.values():
            outlet.open(partial(self._gate, outlet.destination))
        self._scope.start(self._find_forgotten(), name="forgotten destinations")

    async def tried(self) -> None:
        """Wait until each component was opened, or could not be."""
        await self.current.tried()
        if self.source is not None:
            await self.source.tried()

    async def stop_source(self) -> None:
        """Take no more units. What is being written is acknowledged first, so that no peer has to send it again."""
        self.intake.stop()
        if await self._settled(lambda: not self.intake.pending, ACKNOWLEDGE_WITHIN):
            await asyncio.sleep(POLL)
        await self._scope.stop(STOP_SOURCE_WITHIN)

    async def drain(self, within: float) -> bool:
        """Start no more deliveries, and wait for those in flight and for what is being written."""
        self._open = False
        for outlet in self.outlets.values():
            outlet.close()
        idle = await self._settled(
            lambda: not self.intake.pending and all(outlet.is_idle for outlet in self.outlets.values()), within
        )
        for outlet in self.outlets.values():
            await outlet.abandon()
        return idle

    async def _settled(self, condition: Callable[[], bool], within: float) -> bool:
        until = time.monotonic() + within
        while not condition():
            if time.monotonic() > until:
                return False
            await asyncio.sleep(POLL)
        return True

    async def close(self) -> None:
        """Close every component."""
        for version in self.versions.values():
            await version.stop(STOP_SOURCE_WITHIN)

    async def _restore_holds(self) -> None:
        for destination, key, seq in await self._hub.journal.held_lanes(self.name):
            for outlet in self._outlets_of(destination):
                outlet.lanes.hold(key, seq)

    async def _find_forgotten(self) -> None:
        """Open an outlet for what an older version delivers to and this one does not know."""
        after = 0
        while rows := await self._hub.journal.open_deliveries(self.name, after=after, limit=1000):
            for row in rows:
                if row.destination not in self.outlets:
                    self._hub.log.warning(
                        Event.ROUTE_FORGOTTEN, route=self.name, destination=row.destination, version=row.route_version
                    )
                    outlet = self.outlets[row.destination] = self._outlet(row.destination)
                    await self._restore_holds()
                    outlet.open(partial(self._gate, row.destination))
            after = rows[-1].seq
            await asyncio.sleep(0)

    # What the intake asks.

    def offer(self, item: Item, destination: str) -> bool:
        """True when the delivery is in memory now."""
        if self._hub.fresh_from is None:
            self._hub.fresh_from = item.seq
        self.backlog += 1
        return self.outlets[destination].offer(item)

    def keep(self, hand: InHand) -> None:
        """The record stays in memory until the deliveries are made."""
        self.messages.keep(hand)

    def pump(self) -> None:
        """Deliver what can be delivered."""
        for outlet in self.outlets.values():
            outlet.pump()

    def refusal(self) -> str:
        """Why nothing can be taken now, or an empty text."""
        if self.backlog >= self._hub.backlog:
            return f"route {self.name} has {self.backlog} deliveries open; it takes more when some of them are done"
        return self._hub.refusal()

    # What the operator does.

    async def reopened(self, deliveries: Iterable[OpenDelivery]) -> None:
        """Dead letters of this route are open deliveries again."""
        await self.holds_changed()
        for delivery in deliveries:
            self.backlog += 1
            for outlet in self._outlets_of(delivery.destination):
                outlet.replayed.add(delivery.seq)
                outlet.lanes.rewind(delivery.key, delivery.seq)
        self.pump()

    async def holds_changed(self) -> None:
        """Dead letters were released, discarded or replayed: what they held goes on."""
        before = {name: outlet.lanes.holds() for name, outlet in self.outlets.items()}
        held = await self._hub.journal.held_lanes(self.name)
        for name, outlet in self.outlets.items():
            now = {(key, seq) for destination, key, seq in held if destination in {name, STEPS}}
            # Only what was there before the question: a dead letter that came meanwhile is not in the answer.
            outlet.lanes.unhold(before[name] - now)
            outlet.pump()

    # Inside.

    def _outlets_of(self, destination: str) -> Sequence[Outlet]:
        if destination == STEPS:
            return tuple(self.outlets.values())
        outlet = self.outlets.get(destination)
        return () if outlet is None else (outlet,)

    def _gate(self, destination: str) -> bool:
        target = self.current.targets.get(destination)
        # What cannot be written down must not be delivered: it would be delivered again.
        return self._open and (target is None or target.life.is_open) and not self._hub.refusal()

    def _is_wary(self, seq: int) -> bool:
        fresh = self._hub.fresh_from
        return self._hub.journal.crashed and (fresh is None or seq < fresh)

    def _buried(self, key: str, seq: int, holds: bool) -> None:
        """A message died in the steps: none of its deliveries is open any more."""
        self.messages.died(seq)
        # The outlet that met the fault counts itself.
        self._ended(len(self.outlets) - 1)
        for outlet in self.outlets.values():
            outlet.died_in_steps(key, seq, holds=holds)

    def _ended(self, deliveries: int) -> None:
        self.backlog = max(0, self.backlog - deliveries)

    async def _target_of(self, destination: str, version: int) -> Target:
        loaded = self.versions.get(version) or await self._load(version)
        target = loaded.targets.get(destination)
        if target is None:
            raise Bug(f"version {version} of route {self.name} has no destination '{destination}'; discard, or replay")
        return target

    async def _load(self, version: int) -> LoadedVersion:
        """An older version, for the messages that came with it. Raises Invalid where it cannot be used any more."""
        async with self._loading:
            if version not in self.versions:
                try:
                    plan = self._hub.plans.get(version) or await self._hub.plan_of(version)
                    loaded = self._hub.load(plan, version, self.pump)
                except ConfigurationError as error:
                    text = f"version {version} of route {self.name} cannot be used any more: {error}"
                    raise Invalid(f"{text}; replay it with the new version") from error
                loaded.start()
                await loaded.tried()
                self.versions[version] = loaded
            return self.versions[version]
