"""What a replay would send, beside what the route version that the message came with would have sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tundish.dryrun.diff import Difference, diff
from tundish.dryrun.preview import Previews
from tundish.dryrun.run import Answers, DryRun, MessageRun
from tundish.faults import Fault
from tundish.model import Record, Value
from tundish.plan.route import Plan, RoutePlan


@dataclass(frozen=True, slots=True)
class Fate:
    """What one route version makes of a message for one destination."""

    request: Record | None
    """None: it would not be sent."""
    faults: tuple[Fault, ...]
    """Why it would be a dead letter again."""


@dataclass(frozen=True, slots=True)
class ReplayPreview:
    """One delivery, then and now."""

    destination: str
    then: Fate
    now: Fate

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Field by field, where both versions would send something."""
        if self.then.request is None or self.now.request is None:
            return ()
        return diff(self.then.request, self.now.request)


async def preview_replay(
    plan: Plan, then: RoutePlan, record: Value, meta: Record, received: datetime
) -> Iterator[ReplayPreview]:
    """Every destination that the route has now. `then` is the version that the message came with.

    Lookups are not asked: a route that needs one shows that as a fault in both versions. Raises KeyError where the plan
    has no such route any more, MissingExtra where a connector's library is absent.
    """
    now = plan.routes[then.name]
    before = Plan(plan.project, plan.plant, {then.name: then}, plan.connections)
    first = await _run(before, then, record, meta, received)
    second = await _run(plan, now, record, meta, received)
    return (ReplayPreview(name, _fate(first, name), _fate(second, name)) for name in now.destinations)


async def _run(plan: Plan, route: RoutePlan, record: Value, meta: Record, received: datetime) -> MessageRun:
    runs = await DryRun(plan, Previews(plan)).records(route, [record], meta, received, Answers())
    return runs[0]


def _fate(run: MessageRun, destination: str) -> Fate:
    sending = next((each for each in run.sendings if each.destination == destination), None)
    if sending is None:
        return Fate(None, run.faults)
    return Fate(sending.request, sending.faults)
