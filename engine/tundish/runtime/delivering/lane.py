"""What lanes are made of: deliveries as they wait in memory, and the queue of one key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the backlog is in memory."""

    high: int = 2000
    """Deliveries in memory beyond which newly accepted ones stay in the journal."""
    low: int = 500
    """Deliveries in memory at which the next ones are read."""
    lane: int = 128
    """Deliveries of one lane in memory, so that a long lane leaves room for the others."""


@dataclass(slots=True, eq=False)
class Item:
    """One open delivery, as the lanes carry it."""

    seq: int
    key: str
    version: int
    attempts: int = 0
    crashes: int = 0
    due: float = 0.0
    """Monotonic time before which it is not tried; 0 for at once."""
    unknown: bool = False
    """An earlier attempt may have reached the destination."""
    patient: int = 0
    """How many of the attempts failed for a reason that says nothing about this message."""
    loaded: bool = False
    """It was read from the journal, not handed over by the intake."""
    gone: bool = False
    """It became a dead letter without its turn while it was tried; the attempt has nothing left to decide."""


@dataclass(frozen=True, slots=True)
class Want:
    """What is to be read from the journal next."""

    key: str | None
    """One lane, or None for the deliveries of all lanes."""
    after: int
    limit: int


class Lane:
    """The queue of one key."""

    __slots__ = ("busy", "hungry", "id", "items", "missed", "more", "queued", "rewound", "tail", "token", "waiting")

    def __init__(self, identity: str | int, tail: int) -> None:
        self.id = identity
        self.items: list[Item] = []
        self.busy: Item | None = None
        self.queued = False
        """It stands in the queue of lanes that may go."""
        self.waiting = False
        """Its head waits for its next attempt."""
        self.token = 0
        """Tells a timer that is still valid from an old one."""
        self.more = False
        """The journal has open work behind `tail` that is not in memory."""
        self.tail = tail
        self.hungry = False
        """It stands in the queue of lanes that want to be read."""
        self.missed = False
        """Work came while the lane was being read, so the read may not have seen it."""
        self.rewound = False
        """Older work came back while the lane was being read, so the read must not be believed."""
