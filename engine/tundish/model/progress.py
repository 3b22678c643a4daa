"""What has become of messages, told to whoever handed them over; their content is not repeated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tundish.model.record import Value

DeliveryState = Literal["open", "held", "dead", "delivered", "duplicate", "filtered", "discarded"]
ProgressState = Literal["open", "held", "dead", "done"]


@dataclass(frozen=True, slots=True)
class DeliveryProgress:
    """One delivery of a message."""

    destination: str
    """Empty where the message failed before any destination was concerned."""
    state: DeliveryState
    """`held`: it waits behind a dead letter of its lane; `dead`: it is one; `duplicate`: the destination had it."""
    remote_id: str = ""
    """What the destination calls it, where it told."""
    answer: Value = None
    """The destination's answer (`status`, `headers`, `body` …), where the route replies after delivery."""
    error: str = ""
    """Class of the error of a dead letter, e.g. `Rejected`."""
    text: str = ""
    """Why it is a dead letter."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One message and its deliveries."""

    id: int
    accepted: datetime
    state: ProgressState
    """The worst of its deliveries; `done` when each is closed."""
    deliveries: tuple[DeliveryProgress, ...]

    @property
    def is_settled(self) -> bool:
        """Every delivery has its outcome: nothing more happens unless a person acts."""
        return all(delivery.state not in {"open", "held"} for delivery in self.deliveries)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a source answers where its route has `reply: {after: delivery}`."""

    outcome: Literal["delivered", "dead", "late"]
    """`dead`: at least one delivery is a dead letter; `late`: the time is over, and the message stays safe."""
    messages: tuple[Progress, ...]
    content: Value = None
    """What the route's `reply` says, where it says something; for `delivered` only."""
