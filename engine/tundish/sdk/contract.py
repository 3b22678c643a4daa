"""What a connector implements. The life of every component: construct (no side effects) → `open` → work → `close`.

`close` is called after every `open`, also after one that raised half-way, and may be called twice.
`open` may be called again after `close`. Only the supervisor starts tasks; a component uses `Context.start`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from tundish.faults import Fault
from tundish.model import Acceptance, Outgoing, Progress, Receipt, Reply, Settings, Unit, Value

S = TypeVar("S", bound=Settings)


class Logger(Protocol):
    """A structured logger: an event name and facts."""

    def debug(self, event: str, **facts: object) -> None: ...
    def info(self, event: str, **facts: object) -> None: ...
    def warning(self, event: str, **facts: object) -> None: ...
    def error(self, event: str, **facts: object) -> None: ...


class StartTask(Protocol):
    """Starts a task that the supervisor owns: it is cancelled and awaited before `close` is called.

    What the task raises means that the component is lost: it is closed and opened again.
    """

    def __call__(self, work: Coroutine[Any, Any, None], *, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What a source may tell its peers about its route."""

    name: str
    description: str = ""
    content_type: str = "application/json"
    """Of what the route's format reads."""
    contract: str = ""
    """Name of the contract of what comes in; empty where the route has none."""
    schema: Mapping[str, Value] | None = None
    """That contract as JSON Schema."""
    replies: bool = False
    """The route answers after delivery."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the engine lends to a component."""

    name: str
    """`route/from`, `route/to/erp` or `connection/erp`; stable, used for client ids and logs."""
    log: Logger
    start: StartTask
    data: Path
    """A private folder of this component, inside the daemon's data folder; it exists."""
    route: RouteFacts | None = None
    """The route that a source brings units into; None for other components."""
    probing: bool = False
    """`tundish check` opens this component, perhaps beside the daemon's own: it says nothing to others in our name,
    and leaves nothing behind."""


class Intake(Protocol):
    """Where a source hands over its units."""

    async def accept(self, unit: Unit) -> Acceptance:
        """Make the unit durable. When this returns, acknowledge; when it raises, do not.

        Raises Backpressure when nothing can be taken now. A cancelled caller does not take its unit back.
        """
        return await asyncio.shield(self.hand_over(unit))

    def hand_over(self, unit: Unit) -> asyncio.Future[Acceptance]:
        """The same for a unit whose body is in memory, without waiting: it has its place in the order at once.

        Raises Backpressure, at once or as the result. `Arrivals` calls it for sources that have many units in hand.
        """

    async def cursor(self) -> bytes | None:
        """The last position that was made durable for this source, by `Unit.cursor` or by `keep`."""

    async def keep(self, cursor: bytes) -> None:
        """Make a position durable without a unit, because what the last one named is finished.

        Raises Backpressure when nothing can be written now.
        """

    async def reply(self, acceptance: Acceptance) -> Reply | None:
        """What to answer to a peer that waits: None where the route answers as soon as a unit is accepted.

        Otherwise it returns when every delivery of the accepted messages has an outcome, or when the route's time is
        over. For a repeat it tells the outcome of the first. A cancelled caller takes nothing back.
        """
        return None

    async def progress(self, message: int) -> Progress | None:
        """What has become of a message so far; None where this route has no such message, or not any more."""
        return None


class Component:
    """What connections, sources, destinations and lookups have in common."""

    async def open(self) -> None:
        """Acquire resources. Raises NotConnected, AuthFailed or ConfigurationError."""

    async def close(self) -> None:
        """Release resources; never raises for a peer that is gone."""

    async def check(self) -> Sequence[Fault]:
        """Look at the peer without moving data and say what is misconfigured; called after `open`."""
        return ()

    async def probe(self) -> Sequence[Fault]:
        """Open, check and close, beside a daemon that may be running; `tundish check` calls it.

        A component whose `open` would take something away from that daemon or leave something behind, such as a
        session at a broker, does less here. Raises what `open` raises.
        """
        try:
            await self.open()
            return await self.check()
        finally:
            await self.close()


class Connection(Component, Generic[S]):
    """What several routes share of one endpoint: a session, a listening server, a pool."""

    def __init__(self, settings: S, context: Context) -> None:
        self.settings = settings
        self.context = context


C = TypeVar("C", bound=Connection[Any])


class Source(Component, ABC, Generic[S, C]):
    """Brings units in."""

    def __init__(self, settings: S, connection: C, context: Context) -> None:
        self.settings = settings
        self.connection = connection
        self.context = context

    @abstractmethod
    async def run(self, intake: Intake) -> None:
        """Receive until cancelled. Raises NotConnected when the peer is gone."""


class Destination(Component, ABC, Generic[S, C]):
    """Takes messages out."""

    def __init__(self, settings: S, connection: C, context: Context) -> None:
        self.settings = settings
        self.connection = connection
        self.context = context

    @abstractmethod
    async def deliver(self, message: Outgoing) -> Receipt:
        """Send one message and wait until the destination has it. Raises a DeliveryError."""

    @abstractmethod
    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """What `deliver` would send, as data (`method`, `path`, `headers`, `topic`, `name` …), without sending.

        Pure: a dry run and the tests in YAML compare it. Raises Invalid where a template gives nothing usable.
        """


class Lookup(Component, ABC, Generic[S, C]):
    """Answers questions about a key, for `enrich` and `verify`."""

    def __init__(self, settings: S, connection: C, context: Context) -> None:
        self.settings = settings
        self.connection = connection
        self.context = context

    @abstractmethod
    async def find(self, scope: Mapping[str, object]) -> Receipt:
        """Ask; `Receipt.facts` holds the answer (`status`, `body`). Raises a DeliveryError."""
