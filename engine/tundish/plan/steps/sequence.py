"""Steps one after the other, as a route and each branch of a choice have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from tundish.errors import DeliveryError
from tundish.faults import Fault
from tundish.model import Scope, Value
from tundish.plan.route import FILTERED, LookupService, Step, Watch


def run_now(steps: Sequence[Step], record: Value, scope: Scope) -> object:
    """The record behind the steps, or FILTERED. Raises Invalid. None of the steps may ask a lookup."""
    result: object = record
    for step in steps:
        result = step.apply(cast("Value", result), scope)
        if result is FILTERED:
            return FILTERED
    return result


async def run(
    steps: Sequence[Step], record: Value, scope: Scope, lookups: LookupService, watch: Watch | None = None
) -> object:
    """The same for all steps. Raises Invalid, or the DeliveryError of a lookup."""
    result: object = record
    for step in steps:
        before = cast("Value", result)
        try:
            result = await step.answer(before, scope, lookups, watch)
        except DeliveryError as error:
            if watch is not None:
                watch(step, before, before, error.faults or (Fault("", error.text),))
            raise
        if watch is not None:
            watch(step, before, result, ())
        if result is FILTERED:
            return FILTERED
    return result
