"""The steps of a route, run on one message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from tundish.errors import DeliveryError
from tundish.faults import Fault
from tundish.model import Scope, Value
from tundish.plan.route import FILTERED, LookupService, Processed, RoutePlan, Step, Trace
from tundish.plan.steps.sequence import run, run_now


def process_now(route: RoutePlan, record: Value, scope: Scope) -> Processed:
    """Run the steps of a route that asks no lookup (`awaits` is false). Raises Invalid with all faults."""
    return _processed(record, run_now(route.steps, record, scope))


async def process(route: RoutePlan, record: Value, scope: Scope, lookups: LookupService) -> Processed:
    """Run the steps. Raises Invalid with all faults, or the DeliveryError of a lookup."""
    return _processed(record, await run(route.steps, record, scope, lookups))


async def trace(
    route: RoutePlan, record: Value, scope: Scope, lookups: LookupService
) -> tuple[Processed | DeliveryError, Sequence[Trace]]:
    """Run the steps and tell what each of them did; the error of the last one is given, not raised."""
    stages: list[Trace] = []

    def watch(step: Step, before: Value, after: object, faults: tuple[Fault, ...]) -> None:
        filtered = after is FILTERED
        shown = before if filtered else cast("Value", after)
        stages.append(Trace(step.label, step.place, before, shown, filtered, faults))

    try:
        result = await run(route.steps, record, scope, lookups, watch)
    except DeliveryError as error:
        return error, stages
    return _processed(record, result), stages


def _processed(record: Value, result: object) -> Processed:
    """A message that was filtered keeps the record that it came with."""
    if result is FILTERED:
        return Processed(record, filtered=True)
    return Processed(cast("Value", result))
