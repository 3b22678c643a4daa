"""Plans made by hand, and a daemon in the test's own event loop, with the in-memory connector at both ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, cast

from tundish.faults import Fault, Place
from tundish.formats.json import JsonFormat, JsonSettings
from tundish.journal import RouteTotals
from tundish.model import Outgoing, Receipt, Record, Scope, Settings, Value
from tundish.plan.route import (
    DestinationPlan,
    Endpoint,
    LookupService,
    Plan,
    RetryPolicy,
    RoutePlan,
    Step,
    VerifyPlan,
    Watch,
)
from tundish.runtime.daemon import Daemon, Options
from tundish.sdk import ConnectorSpec, Destination, Part, RouteFacts
from tundish.sdk.memory import (
    SPEC,
    MemoryConnection,
    MemoryDestinationSettings,
    MemoryLookupSettings,
    MemorySourceSettings,
    memory,
)

PLACE = Place("routes/orders.yaml", 1, 1)
FAST = RetryPolicy(attempts=5, first=0.01, longest=0.05)
PLANT = "plant"
"""The memory connection's name."""


class SlowSettings(Settings):
    """A destination that takes its time."""

    queue: str
    """Where the messages are found in the end."""
    seconds: float
    """How long each delivery takes."""


class SlowDestination(Destination[SlowSettings, MemoryConnection]):
    """Delivers to a queue, slowly."""

    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """The queue."""
        return {"queue": self.settings.queue}

    async def deliver(self, message: Outgoing) -> Receipt:
        """Wait, then deliver."""
        await asyncio.sleep(self.settings.seconds)
        self.connection.peer.queue(self.settings.queue).delivered.append(message)
        return Receipt()


SLOW = ConnectorSpec(
    id="slow",
    summary="A destination that takes its time.",
    connection=SPEC.connection,
    destination=Part(SlowSettings, f"{__name__}:SlowDestination", "queue: out\nseconds: 1\n"),
)
STANDARD = Options()

Function = Callable[[Value, Scope], Value]


def record_of(value: Value) -> Record:
    """A value that is known to be an object."""
    return cast("Record", value)


def field_of(name: str) -> Function:
    """Takes one field of a record."""
    return lambda record, scope: cast("Record", record).get(name)


@dataclass(frozen=True)
class Apply:
    """A step made of a function."""

    work: Callable[[Value, Scope], object]
    keyword: str = "map"
    label: str = "map"
    place: Place = PLACE
    awaits: bool = False

    def apply(self, record: Value, scope: Scope) -> object:
        """What the function says."""
        return self.work(record, scope)

    async def answer(self, record: Value, scope: Scope, lookups: LookupService, watch: Watch | None = None) -> object:
        """What the function says; where this step awaits, after the answer of the lookup `orders`."""
        if self.awaits:
            found = await lookups.find("orders", {"id": cast("Record", record).get("order")})
            return self.work({**cast("Record", record), "found": cast("Value", found.facts)}, scope)
        return self.work(record, scope)


def to(
    queue: str,
    *,
    retry: RetryPolicy = FAST,
    verify: bool = False,
    concurrency: int = 8,
    when: Function | None = None,
    classify: tuple[tuple[str, Function], ...] = (),
) -> DestinationPlan:
    """A destination that delivers to a queue; `verify` asks the queue for the field `id`."""
    endpoint = Endpoint(SPEC, MemoryLookupSettings(queue=queue), PLANT)
    return DestinationPlan(
        name=queue,
        endpoint=Endpoint(SPEC, MemoryDestinationSettings(queue=queue), PLANT),
        format=JsonFormat(JsonSettings()),
        when=when,
        map=None,
        retry=retry,
        verify=VerifyPlan(endpoint, lambda facts, scope: cast("Record", facts).get("status") == 200)
        if verify
        else None,
        classify=classify,
        takes="messages",
        acknowledged_within=None,
        concurrency=concurrency,
        place=PLACE,
    )


def route(
    *destinations: DestinationPlan,
    name: str = "orders",
    key: str | None = "order",
    once: Sequence[str] = (),
    steps: tuple[Step, ...] = (),
    text: str = "",
    contract: Callable[[Value], tuple[Fault, ...]] | None = None,
    after_dead_letter: Literal["hold", "continue"] = "hold",
    records: str = "",
) -> RoutePlan:
    """A route from the queue `in`; `text` tells versions apart."""
    chosen = destinations or (to("out"),)
    content = text or f"{name} {[to.name for to in chosen]} {once}"
    return RoutePlan(
        name=name,
        owner="plant-it",
        description="",
        text=content,
        digest=blake2b(content.encode(), digest_size=16).digest(),
        source=Endpoint(SPEC, MemorySourceSettings(queue="in" if name == "orders" else f"{name}-in"), PLANT),
        format=JsonFormat(JsonSettings(records=records)),
        contract=contract,
        facts=RouteFacts(name),
        reply=None,
        key=field_of(key) if key else None,
        once=tuple(field_of(field) for field in once),
        find=(("order", field_of("order")),),
        steps=steps,
        awaits=any(step.awaits for step in steps),
        lookups={"orders": Endpoint(SPEC, MemoryLookupSettings(queue="lookup"), PLANT)},
        destinations={destination.name: destination for destination in chosen},
        after_dead_letter=after_dead_letter,
        variables={"plant": {}, "vars": {}},
        place=PLACE,
    )


def plan(*routes: RoutePlan, connections: Mapping[str, Any] | None = None) -> Plan:
    """A plan of these routes on one memory connection."""
    settings = SPEC.connection.settings()
    return Plan("test", "", {route.name: route for route in routes}, connections or {PLANT: (SPEC, settings)})


def order(number: int, step: int = 0, **more: Value) -> bytes:
    """The body of one message."""
    return json.dumps({"order": f"WO-{number}", "step": step, "id": f"{number}-{step}", **more}).encode()


@dataclass
class Running:
    """A daemon at work, and its plant."""

    daemon: Daemon
    plans: list[Plan]
    """The last one is what a reload loads."""
    ended: list[BaseException] = field(default_factory=list)

    @property
    def queue_in(self) -> Any:
        """Where the route takes from."""
        return memory(PLANT).queue("in")

    def out(self, name: str = "out") -> Any:
        """Where the route delivers to."""
        return memory(PLANT).queue(name)

    async def totals(self, route: str = "orders") -> RouteTotals:
        """The ledger of a route."""
        found = await self.daemon.journal.ask(lambda reader: reader.totals())
        return next(total for total in found if total.route == route)

    async def until(self, condition: Callable[[RouteTotals], bool], within: float = 5.0) -> RouteTotals:
        """Wait until the ledger says so."""
        async with asyncio.timeout(within):
            while not condition(total := await self.totals()):  # noqa: ASYNC110 - the ledger announces nothing
                await asyncio.sleep(0.01)
            return total


@asynccontextmanager
async def running(data: Path, *routes: RoutePlan, options: Options = STANDARD) -> AsyncIterator[Running]:
    """A daemon that runs these routes until the block ends."""
    plans = [plan(*routes)]
    daemon = Daemon(lambda: plans[-1], data, options)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(daemon.run())
        while daemon.state == "starting" and not task.done():  # noqa: ASYNC110 - it is ready within some milliseconds
            await asyncio.sleep(0.005)
        try:
            yield Running(daemon, plans)
        finally:
            daemon.stop()
