"""`route: …`: where messages come from, what happens to them, and where they go.

The connector and the format of an endpoint are read beside these models (see `endpoints`), because their settings
belong to whatever is installed.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from tundish.config.conditions import Condition
from tundish.config.names import ContractName, Identifier, MappingName
from tundish.config.steps import StepFields
from tundish.formats.containers import ContainerKind
from tundish.model import Settings
from tundish.sdk import Backoff, Duration

ErrorClass = Literal[
    "Transient", "Throttled", "AuthFailed", "Rejected", "BusinessRejected", "Invalid", "Duplicate", "Unknown"
]


class RetryFields(Settings):
    """How often and how fast a failed delivery is tried again."""

    attempts: int | None = Field(default=None, ge=1, le=1_000_000)
    """How many attempts are made at most, the first one included. By default 8."""
    backoff: Backoff | None = None
    """The first and the longest wait between attempts; it doubles, with jitter. By default `1s..5m`."""


class SourceFields(Settings):
    """Where messages come from: a connector, a format and a contract."""

    container: ContainerKind | None = None
    """What the format is wrapped in: `gzip`, or the members of a `zip` archive."""
    contract: ContractName | None = None
    """What the source promises; a message that breaks it becomes a dead letter."""


class VerifyFields(Settings):
    """How to ask a destination whether it has a message whose outcome is unknown."""

    done_if: Condition
    """A condition on the answer (`status`, `headers`, `body`): true where the destination has the message."""


class DestinationFields(Settings):
    """One place where the route's messages go."""

    container: ContainerKind | None = None
    """What the format is wrapped in: `gzip`, or a `zip` archive with one member."""
    map: MappingName | None = None
    """The mapping that makes what this destination wants; without it, the message goes as it is."""
    when: Condition | None = None
    """A condition on the message; where it does not hold, nothing is sent to this destination."""
    retry: RetryFields | None = None
    """Retries of this destination, in place of those of the route."""
    classify: dict[ErrorClass, Condition] = Field(default_factory=dict)
    """Error class → a condition on a failed answer (`status`, `headers`, `body`); the first that holds decides."""
    verify: VerifyFields | None = None
    """How to find out, after an unknown outcome such as a timeout, whether the destination has the message."""
    takes: Literal["messages", "acknowledgements"] = "messages"
    """`acknowledgements`: this destination gets TA1, 997, 999 or CONTRL for the interchanges that came in, instead of
    the messages in them."""
    acknowledged_within: Duration | None = None
    """How soon the partner has to acknowledge an interchange that was sent here; it is an alarm when he does not."""
    concurrency: int = Field(default=8, ge=1, le=1024)
    """How many deliveries may be under way at the same time; those of one key never are."""


class ReplyFields(Settings):
    """When and what the source answers to a peer that waits."""

    after: Literal["delivery"] = "delivery"
    """`delivery`: when every delivery of the message has an outcome."""
    within: Duration = Field(default=20.0, gt=0, le=300)
    """How long the peer waits at most; then it is told that the message was accepted and is not delivered yet."""
    body: Condition | None = None
    """What the peer is told after success, e.g. `{document: destinations.erp.remote_id}`; it sees `id`, `ids`,
    `message` and `destinations.NAME` with `state`, `remote_id` and `answer`. Without it, the states are told."""


class RouteFile(Settings):
    """One flow: `from` → `steps` → `to`."""

    route: Identifier
    """How the route is called; it appears in the journal, in logs and in metrics."""
    owner: str = ""
    """Who answers for it."""
    description: str = ""
    """What happens, in the words of the plant."""
    criticality: Literal["default", "financial"] = "default"
    """A named bundle of defaults. `financial` tries 12 times, from 2 seconds to 10 minutes apart."""
    source: SourceFields = Field(alias="from")
    """Where messages come from: one connector with its settings, `format` and `contract`."""
    key: Condition | None = None
    """The business key, such as `order.number`: messages of one key keep their order. Without it nothing is ordered."""
    once: tuple[Condition, ...] = ()
    """What identifies a message; a repeat is recognised, and the same identity with other content is a conflict."""
    find_by: dict[Identifier, Condition] = Field(default_factory=dict)
    """Name → expression: by what people search for a message later, such as `work_order: order.number`."""
    steps: tuple[StepFields, ...] = ()
    """What happens to every message before it goes to the destinations."""
    to: dict[Identifier, DestinationFields] = Field(min_length=1)
    """Destinations by name, each with one connector and its settings."""
    retry: RetryFields | None = None
    """Retries of every destination that says nothing else."""
    reply: ReplyFields | None = None
    """Answer the source's peer after delivery, not at once; `after-delivery` is short for the defaults."""
    after_dead_letter: Literal["hold", "continue"] = "hold"
    """Whether later messages of the same key wait for a dead letter (`hold`) or go on (`continue`)."""

    @field_validator("reply", mode="before")
    @classmethod
    def _short_reply(cls, value: object) -> object:
        return {"after": "delivery"} if value == "after-delivery" else value
