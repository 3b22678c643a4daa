"""Differences of a counter, over roll-overs and resets. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Step = Literal["first", "counted", "rolled_over", "reset"]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a counter did since the value before."""

    difference: Decimal | None
    """How many were counted; None for the first value, and after a reset as many as it shows again."""
    step: Step


def count(before: Decimal | None, now: Decimal, rolls_over_at: int | None) -> Counted:
    """Compare two values of a counter that only counts up.

    A fall is a roll-over where the counter has a known end and the way over it is less than half of the whole;
    otherwise someone reset it, and it has counted from 0 since.
    """
    if before is None:
        return Counted(None, "first")
    if now >= before:
        return Counted(now - before, "counted")
    if rolls_over_at is not None and (over := now - before + rolls_over_at) * 2 < rolls_over_at and over > 0:
        return Counted(over, "rolled_over")
    return Counted(now, "reset")
