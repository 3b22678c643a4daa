"""What one shift of the plant reports: planned in full from a seed, so that the books can be checked afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tundish_connectors.demo_plant.shift.customer import interchanges
from tundish_connectors.demo_plant.shift.erp_releases import releases
from tundish_connectors.demo_plant.shift.events import FIRST_ORDER, Event
from tundish_connectors.demo_plant.shift.machines import completions, reports_of
from tundish_connectors.demo_plant.shift.pours import pours
from tundish_connectors.demo_plant.shift.scrap_terminal import scrap_files


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift: what happens, in order, and how the ERP fails meanwhile."""

    events: tuple[Event, ...]
    refused_order: str
    """The ERP answers 400 to everything about this order."""
    silent_after_booking: frozenset[str]
    """Confirmations that the ERP books without answering in time."""


def plan_shift(number: int, messages: int, seed: int) -> Shift:
    """Plan about `messages` documents. The same arguments give the same shift; numbers never meet between shifts."""
    dice = Random(f"{seed}/{number}")  # noqa: S311 - a plant that repeats itself, not a secret
    orders = [f"{FIRST_ORDER + number * 1000 + i:09d}" for i in range(max(6, messages // 20))]
    made = completions(number, orders, max(20, messages * 7 // 10), dice)
    # A completion of the fifth order: its lane is neither refused by the ERP nor stopped by an unknown reason.
    silent = made[len(orders) + 4].sent[0].find[1]
    tracks = (
        releases(orders),
        reports_of(made),
        scrap_files(number, orders, messages, dice),
        interchanges(number, messages, dice),
        pours(number, orders, messages, dice),
    )
    return Shift(
        events=tuple(_interleave(*tracks)),
        refused_order=orders[1],
        silent_after_booking=frozenset({silent}),
    )


def _interleave(*tracks: Sequence[Event]) -> list[Event]:
    """All events, each track in its own order and spread evenly over the shift."""
    placed = [
        ((index + 0.5) / len(track), number, event)
        for number, track in enumerate(tracks)
        for index, event in enumerate(track)
    ]
    return [event for _, _, event in sorted(placed, key=lambda entry: entry[:2])]
