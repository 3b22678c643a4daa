"""Where accepted messages go on."""

from __future__ import annotations

from typing import Protocol

from tundish.runtime.delivering.lane import Item
from tundish.runtime.delivering.messages import InHand


class Lines(Protocol):
    """The outlets of a route, as its intake sees them."""

    def offer(self, item: Item, destination: str) -> bool:
        """True when the delivery is in memory now."""

    def keep(self, hand: InHand) -> None:
        """The record stays in memory until the deliveries are made."""

    def pump(self) -> None:
        """Deliver what has just come."""

    def refusal(self) -> str:
        """Why nothing can be taken now, or an empty text."""
