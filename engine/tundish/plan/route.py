"""A route, compiled: everything a daemon, a dry run or a test needs to move one message, and no I/O.

The life of a message: `read` (bytes → keyed messages) → `process` (the steps) → `prepare` (one outgoing message per
destination). The runtime puts the journal between these; a dry run calls them in a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

from tundish.faults import Fault, Place
from tundish.formats.contract import Format
from tundish.model import Outgoing, Receipt, Record, Scope, Settings, Value
from tundish.sdk.contract import RouteFacts
from tundish.sdk.spec import ConnectorSpec

FILTERED = object()
"""What a step returns when the message ends here on purpose."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One use of a connector by a route."""

    connector: ConnectorSpec
    settings: Settings
    connection: str
    """Name of the connection it uses."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how fast a failed delivery is tried again."""

    attempts: int
    """How many attempts are made at most, the first one included."""
    first: float
    """Seconds before the second attempt; doubled, with jitter, each time."""
    longest: float
    """Seconds that a wait never exceeds."""


class ReadMessage(Struct, frozen=True):
    """A decoded message with everything the journal wants to know about it."""

    record: Value
    where: str
    key: str
    once: bytes | None
    find: tuple[tuple[str, str], ...]
    text: bytes = b""
    """The record as JSON, where the unit has it so."""
    answers: bool = False
    """It is an acknowledgement for the unit: it skips the steps, and goes where acknowledgements are taken."""


class ReadFault(Struct, frozen=True):
    """A part of a unit that cannot become a message: undecodable, against the contract, or without its key."""

    raw: bytes
    faults: tuple[Fault, ...]


class LookupService(Protocol):
    """Answers the lookups of a route; the runtime asks real systems, a test answers from its fixtures."""

    async def find(self, name: str, scope: Mapping[str, object]) -> Receipt:
        """Raises a DeliveryError."""


class Watch(Protocol):
    """Is told what every step did, for people who look at a message's way."""

    def __call__(self, step: Step, before: Value, after: object, faults: tuple[Fault, ...]) -> None: ...


class Step(Protocol):
    """One step of a route, compiled. Steps are immutable and serve all messages."""

    @property
    def keyword(self) -> str:
        """`map`, `filter` …"""

    @property
    def label(self) -> str:
        """The step for people: `map mes-completion-to-confirmation`, `filter`."""

    @property
    def place(self) -> Place: ...

    @property
    def awaits(self) -> bool:
        """The step asks a lookup, so `answer` must be awaited, and `apply` is never called."""

    def apply(self, record: Value, scope: Scope) -> object:
        """The new record, or FILTERED. Raises Invalid."""

    async def answer(self, record: Value, scope: Scope, lookups: LookupService, watch: Watch | None = None) -> object:
        """The same for every step, with lookups. Raises Invalid, or the DeliveryError of a lookup."""


class Processed(Struct, frozen=True):
    """A message behind its steps."""

    record: Value
    filtered: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """One stage of a message's way, for people."""

    stage: str
    """`decode`, `map mes-completion-to-confirmation`, `filter`, `to erp` …"""
    place: Place | None
    before: Value
    after: Value
    filtered: bool = False
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyPlan:
    """How to ask a destination whether it has a message whose outcome is unknown."""

    endpoint: Endpoint
    done_if: Callable[[Value, Scope], Value]
    """Evaluated on `Receipt.facts` of the lookup."""


@dataclass(frozen=True, slots=True)
class DestinationPlan:
    """One `to` of a route."""

    name: str
    endpoint: Endpoint
    format: Format
    when: Callable[[Value, Scope], Value] | None
    map: Callable[[Value, Scope], Record] | None
    retry: RetryPolicy
    verify: VerifyPlan | None
    classify: tuple[tuple[str, Callable[[Value, Scope], Value]], ...]
    """Error class name and a condition on the failed answer (`status`, `headers`, `body`); the first one wins."""
    takes: Literal["messages", "acknowledgements"]
    """The route's messages, or the acknowledgements for the interchanges that they came in."""
    acknowledged_within: float | None
    """Seconds in which the partner has to acknowledge what was delivered; None: no acknowledgement is expected."""
    concurrency: int
    """How many deliveries may be in flight at the same time; deliveries of one key never are."""
    place: Place


@dataclass(frozen=True, slots=True)
class ReplyPlan:
    """What the source answers after delivery."""

    within: float
    """Seconds that its peer waits at most."""
    body: Callable[[Value, Scope], Value] | None
    """Evaluated on `id`, `ids`, `message` and `destinations`; None: the states are told."""
    place: Place


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """One route, ready to run. `plan.reading`, `plan.processing` and `plan.preparing` work on it."""

    name: str
    owner: str
    description: str
    text: str
    """Everything that this version consists of (the route and the mappings, models and codes it uses), as stored."""
    digest: bytes
    """16 bytes over what `text` means; places and comments do not count."""
    source: Endpoint
    format: Format
    contract: Callable[[Value], tuple[Fault, ...]] | None
    facts: RouteFacts
    """What its source may tell."""
    reply: ReplyPlan | None
    """None: the source answers as soon as a unit is accepted."""
    key: Callable[[Value, Scope], Value] | None
    """None: the route is not ordered."""
    once: tuple[Callable[[Value, Scope], Value], ...]
    find: tuple[tuple[str, Callable[[Value, Scope], Value]], ...]
    steps: tuple[Step, ...]
    awaits: bool
    """Some step asks a lookup, so `process` must be awaited."""
    lookups: Mapping[str, Endpoint]
    destinations: Mapping[str, DestinationPlan]
    after_dead_letter: Literal["hold", "continue"]
    variables: Mapping[str, object]
    """`plant` and `vars` of the scope."""
    place: Place


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole project for one plant, compiled."""

    project: str
    plant: str
    routes: Mapping[str, RoutePlan]
    connections: Mapping[str, tuple[ConnectorSpec, Settings]]


class Read(Protocol):
    """`plan.reading.read`: bytes of a unit to messages; pure, streaming."""

    def __call__(
        self, route: RoutePlan, chunks: Iterable[bytes], meta: Record, received: datetime
    ) -> Iterator[ReadMessage | ReadFault]: ...


class Process(Protocol):
    """`plan.processing.process`: run the steps. `process_now` is the same without `await`, for routes that allow it.

    Raises Invalid with all faults, or the DeliveryError of a lookup.
    """

    async def __call__(self, route: RoutePlan, record: Value, scope: Scope, lookups: LookupService) -> Processed: ...


class Prepare(Protocol):
    """`plan.preparing.prepare`: what one destination is to be sent; None where its `when` says no.

    Raises Invalid where its mapping or its format finds faults.
    """

    def __call__(
        self,
        destination: DestinationPlan,
        record: Value,
        scope: Scope,
        *,
        seq: int,
        key: str,
        idempotency_key: str,
        attempt: int,
    ) -> Outgoing | None: ...
