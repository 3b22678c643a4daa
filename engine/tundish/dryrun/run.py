"""A route on the bytes of one unit, without a journal and without a network: decode, every step, every request."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tundish.dryrun.preview import Previews
from tundish.errors import DeliveryError
from tundish.faults import Fault
from tundish.model import DeliveryProgress, Progress, Receipt, Record, Scope, Value
from tundish.plan.evaluation import scope_of
from tundish.plan.preparing import prepare
from tundish.plan.processing import trace
from tundish.plan.reading import keyed, read
from tundish.plan.replying import reply_content
from tundish.plan.route import DestinationPlan, Plan, Processed, ReadFault, ReadMessage, RoutePlan, Trace

IDEMPOTENCY_KEY = "dry-run"
"""What stands where the daemon puts the idempotency key of a delivery."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What one destination would be sent."""

    destination: str
    mapped: Trace
    """The message behind the steps, and what the destination's `map` makes of it."""
    request: Record | None
    """The connector's preview (`method`, `path`, `name` …) and the `body`; None where nothing is sent."""
    faults: tuple[Fault, ...] = ()
    """Why it would be a dead letter; empty where its `when` says no."""


@dataclass(frozen=True, slots=True)
class MessageRun:
    """One message of the unit, or a part of it that is none."""

    where: str
    """`line 14`; empty where the unit is one message."""
    key: str
    find: tuple[tuple[str, str], ...]
    stages: tuple[Trace, ...]
    """The first one is `decode`, with nothing before it."""
    sendings: tuple[Sending, ...] = ()
    filtered: bool = False
    faults: tuple[Fault, ...] = ()
    """Why it would be a dead letter before any destination."""
    reply: Trace | None = None
    """What a route that replies after delivery would answer, if every destination took what it is sent; what those
    would answer themselves nobody knows."""

    @property
    def dead(self) -> Iterator[tuple[str, Fault]]:
        """Every fault, with the destination's name or an empty one for the steps."""
        yield from (("", fault) for fault in self.faults)
        yield from ((sending.destination, fault) for sending in self.sendings for fault in sending.faults)


@dataclass(frozen=True, slots=True)
class Answers:
    """Implements `LookupService` from a test's fixtures: lookup → what is asked for, as text → the answer's body."""

    answers: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    async def find(self, name: str, scope: Mapping[str, object]) -> Receipt:
        """Status 404 where the fixtures have nothing."""
        asked = scope.get("key")
        known = self.answers.get(name, {})
        if str(asked) in known:
            return Receipt(facts={"status": 200, "body": known[str(asked)]})
        return Receipt(facts={"status": 404, "body": None})


@dataclass(frozen=True, slots=True)
class DryRun:
    """Runs units through the routes of one plan."""

    plan: Plan
    previews: Previews

    async def unit(
        self, route: RoutePlan, content: Iterable[bytes], meta: Record, received: datetime, answers: Answers
    ) -> list[MessageRun]:
        """Everything that becomes of a unit. Raises MissingExtra where a connector's library is absent."""
        parts = list(read(route, content, meta, received))
        scope = scope_of(route, meta, received)
        return [await self._part(route, part, scope, answers, number) for number, part in enumerate(parts, 1)]

    async def records(
        self, route: RoutePlan, records: Iterable[Value], meta: Record, received: datetime, answers: Answers
    ) -> list[MessageRun]:
        """The same for records that need no decoding."""
        scope = scope_of(route, meta, received)
        parts = [keyed(route, record, scope) for record in records]
        return [await self._part(route, part, scope, answers, number) for number, part in enumerate(parts, 1)]

    async def _part(
        self, route: RoutePlan, part: ReadMessage | ReadFault, scope: Scope, answers: Answers, number: int
    ) -> MessageRun:
        """One decoded message, through the steps to every destination; or a part of the unit that is none."""
        if isinstance(part, ReadFault):
            return MessageRun(where="", key="", find=(), stages=(), faults=part.faults)
        if part.answers:
            # An acknowledgement for the unit has no steps to go through.
            result: Processed | DeliveryError = Processed(part.record)
            stages: tuple[Trace, ...] = (Trace("answer", None, None, part.record),)
        else:
            result, steps = await trace(route, part.record, scope, answers)
            stages = (Trace("decode", None, None, part.record), *steps)
        read_so_far = MessageRun(part.where, part.key, part.find, stages)
        if isinstance(result, DeliveryError):
            return replace(read_so_far, faults=_faults_of(result))
        if result.filtered:
            return replace(read_so_far, filtered=True, reply=_reply(route, part.record, (), scope, number))
        sendings = tuple(
            self._sending(route, destination, result.record, scope, part.key, number)
            for destination in route.destinations.values()
            if (destination.takes != "messages") == part.answers
        )
        reply: Trace | None = None
        if not any(sending.faults for sending in sendings):
            sent = [sending.destination for sending in sendings if sending.request is not None]
            reply = _reply(route, part.record, sent, scope, number)
        return replace(read_so_far, sendings=sendings, reply=reply)

    def _sending(
        self, route: RoutePlan, destination: DestinationPlan, record: Value, scope: Scope, key: str, number: int
    ) -> Sending:
        stage = f"to {destination.name}"
        try:
            outgoing = prepare(
                destination, record, scope, seq=number, key=key, idempotency_key=IDEMPOTENCY_KEY, attempt=1
            )
            if outgoing is None:
                return Sending(destination.name, Trace(stage, destination.place, record, None, filtered=True), None)
            request = self.previews.preview(route.name, destination.name, outgoing)
        except DeliveryError as error:
            faults = _faults_of(error)
            failed = Trace(stage, destination.place, record, None, faults=faults)
            return Sending(destination.name, failed, None, faults)
        return Sending(destination.name, Trace(stage, destination.place, record, outgoing.record), request)


def _reply(route: RoutePlan, record: Value, sent: Collection[str], scope: Scope, number: int) -> Trace | None:
    """None where the route answers at once; `sent` are the destinations that would be sent something."""
    if route.reply is None:
        return None
    fates = tuple(
        DeliveryProgress(name, "delivered" if name in sent else "filtered")
        for name, destination in route.destinations.items()
        if destination.takes == "messages"
    )
    now = scope.get("now")
    message = Progress(number, now if isinstance(now, datetime) else datetime.now(UTC), "done", fates)
    try:
        return Trace("reply", route.reply.place, None, reply_content(route.reply, (message,), record, scope))
    except DeliveryError as error:
        return Trace("reply", route.reply.place, None, None, faults=_faults_of(error))


def dry_run(
    plan: Plan,
    route: str,
    content: bytes,
    *,
    meta: Mapping[str, Value] | None = None,
    received: datetime | None = None,
    lookups: Mapping[str, Mapping[str, Value]] | None = None,
) -> list[MessageRun]:
    """What a route makes of a unit: one entry for each message in it. Nothing is sent and nothing is stored.

    `lookups` answers the lookups of the route: lookup → what is asked for, as text → the answer's body. `received` is
    what `now()` gives, by default the current time. Raises KeyError where the plan has no such route, MissingExtra
    where a connector's library is absent. May not be called inside a running event loop; `DryRun` may.
    """
    moment = received or datetime.now(UTC)
    work = DryRun(plan, Previews(plan)).unit(
        plan.routes[route], (content,), dict(meta or {}), moment, Answers(lookups or {})
    )
    return asyncio.run(work)


def _faults_of(error: DeliveryError) -> tuple[Fault, ...]:
    """The faults of an error; the error's own text where it lists none."""
    return error.faults or (Fault("", error.text),)
