"""What the outcome of an attempt means: done, again, or a dead letter. The error's class decides, never its text."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TypeAlias, cast

from msgspec import Struct

from tundish import errors
from tundish.errors import (
    AuthFailed,
    Bug,
    ConfigurationError,
    DeliveryError,
    Duplicate,
    ExpressionError,
    JournalError,
    NotConnected,
    Throttled,
    Transient,
    Unknown,
)
from tundish.journal.contract import ReceiptOutcome
from tundish.language.evaluation.values import is_true
from tundish.model import Record, Scope, Value
from tundish.plan.route import DestinationPlan, RetryPolicy
from tundish.runtime.delivering.lane import Item
from tundish.sdk import Backoff

AUTH_BACKOFF = Backoff(30.0, 900.0)
"""Wrong credentials do not mend themselves, and many systems lock an account that knocks too often."""

CRASHES = 3
"""A message that was in flight in so many deaths of the process is taken for the cause."""

_LONGEST_DETAIL = 4000


class Done(Struct, frozen=True):
    """The delivery is closed with a receipt."""

    outcome: ReceiptOutcome
    remote_id: str = ""
    detail: str = ""


class Again(Struct, frozen=True):
    """The delivery is tried again after `wait` seconds."""

    error: str
    text: str
    detail: str
    wait: float
    unknown: bool = False
    """The attempt may have reached the destination."""
    patient: bool = False
    """The fault lies with the destination's state, not with this message: it does not use up the attempts."""
    pause: float = 0.0
    """Seconds for which every delivery to this destination waits."""


class Dead(Struct, frozen=True):
    """The delivery becomes a dead letter."""

    error: str
    text: str
    detail: str
    in_steps: bool = False
    """The fault arose before any destination was concerned: the whole message is a dead letter."""


class Gone(Struct, frozen=True):
    """Another delivery of the same message met the fault in the steps first, and its dead letter covers this one."""


Verdict: TypeAlias = Done | Again | Dead | Gone


def judge(error: DeliveryError, item: Item, retry: RetryPolicy, random: Callable[[], float]) -> Done | Again | Dead:
    """The verdict on an attempt that raised."""
    match error:
        case Duplicate():
            return Done("duplicate", detail=_detail(error))
        case Throttled():
            # The destination gave a time for everybody, so the whole destination waits, and nobody's attempts run out.
            return Again("Throttled", error.text, _detail(error), error.seconds, patient=True, pause=error.seconds)
        case AuthFailed():
            wait = AUTH_BACKOFF.wait(item.patient + 1, random)
            return Again("AuthFailed", error.text, _detail(error), wait, patient=True)
        case Transient() | Unknown():
            return _again(error, item, retry, random)
        case _:
            return Dead(type(error).__name__, _text(error), _detail(error))


def as_delivery_error(error: Exception) -> DeliveryError:
    """What a component or a step raised, as one of the classes that decide; what nobody foresaw is a Bug."""
    if isinstance(error, DeliveryError):
        return error
    if isinstance(error, NotConnected):
        return Transient(str(error) or "the destination is not connected")
    if isinstance(error, ConfigurationError):
        # The destination cannot be used by anyone until someone mends its settings, just as with wrong credentials.
        return AuthFailed(str(error))
    if isinstance(error, JournalError):
        return Transient(f"the journal could not be read: {error}")
    trace = "".join(traceback.format_exception(error))
    return Bug(f"{type(error).__name__}: {error}", detail=trace[-_LONGEST_DETAIL:])


def classified(error: DeliveryError, plan: DestinationPlan, scope: Scope) -> DeliveryError:
    """The error as the route's own conditions class it; the first condition that is true wins."""
    if not error.facts:
        return error
    facts = cast("Record", dict(error.facts))
    for name, condition in plan.classify:
        if not _is_true(condition, facts, scope):
            continue
        if name == "Throttled":
            seconds = error.seconds if isinstance(error, Throttled) else plan.retry.longest
            return Throttled(error.text, seconds, detail=error.detail, facts=error.facts)
        kind: type[DeliveryError] = getattr(errors, name)
        return kind(error.text, detail=error.detail, facts=error.facts)
    return error


def _is_true(condition: Callable[[Value, Scope], Value], facts: Record, scope: Scope) -> bool:
    try:
        return is_true(condition(facts, scope))
    except ExpressionError:
        # The answer does not have the shape that the condition expects, so it is not the answer that is meant.
        return False


def _again(error: DeliveryError, item: Item, retry: RetryPolicy, random: Callable[[], float]) -> Again | Dead:
    name = type(error).__name__
    made = item.attempts - item.patient + 1
    if made >= retry.attempts:
        return Dead(name, f"{error.text} ({item.attempts + 1} attempts)", _detail(error))
    wait = Backoff(retry.first, retry.longest).wait(made, random)
    return Again(name, error.text, _detail(error), wait, unknown=isinstance(error, Unknown))


def _text(error: DeliveryError) -> str:
    faults = "; ".join(str(fault) for fault in error.faults)
    return f"{error.text}: {faults}" if faults and faults not in error.text else error.text


def _detail(error: DeliveryError) -> str:
    return error.detail[:_LONGEST_DETAIL]
