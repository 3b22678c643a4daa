"""The class of an error decides."""

from __future__ import annotations

import pytest

from tests.integration.runtime.hand_made import record_of, to
from tundish.errors import (
    AuthFailed,
    Bug,
    BusinessRejected,
    DeliveryError,
    Duplicate,
    ExpressionError,
    Invalid,
    JournalError,
    Misconfigured,
    NotConnected,
    Rejected,
    Throttled,
    Transient,
    Unknown,
)
from tundish.faults import Fault
from tundish.model import Scope, Value
from tundish.plan.route import RetryPolicy
from tundish.runtime.delivering.lane import Item
from tundish.runtime.delivering.verdicts import Again, Dead, Done, as_delivery_error, classified, judge

POLICY = RetryPolicy(attempts=3, first=2.0, longest=60.0)


def verdict(error: DeliveryError, attempts: int = 0, patient: int = 0) -> Done | Again | Dead:
    return judge(error, Item(1, "WO-1", 1, attempts=attempts, patient=patient), POLICY, lambda: 1.0)


@pytest.mark.parametrize("error", [Rejected("no"), BusinessRejected("closed"), Invalid("wrong"), Bug("oops")])
def test_final_errors_are_dead_at_once(error: DeliveryError) -> None:
    assert verdict(error) == Dead(type(error).__name__, error.text, "")


def test_all_faults_are_told() -> None:
    error = Invalid("two faults", faults=(Fault("a", "is missing"), Fault("b", "is wrong")))
    assert verdict(error) == Dead("Invalid", "two faults: a: is missing; b: is wrong", "")


def test_a_duplicate_is_done() -> None:
    assert verdict(Duplicate("there", detail="409")) == Done("duplicate", detail="409")


def test_waits_double_and_end() -> None:
    assert verdict(Transient("busy")) == Again("Transient", "busy", "", 2.0)
    assert verdict(Transient("busy"), attempts=1) == Again("Transient", "busy", "", 4.0)
    assert verdict(Transient("busy"), attempts=2) == Dead("Transient", "busy (3 attempts)", "")


def test_an_unknown_outcome_stays_in_doubt() -> None:
    assert verdict(Unknown("no answer")) == Again("Unknown", "no answer", "", 2.0, unknown=True)


def test_what_says_nothing_about_the_message_uses_up_no_attempts() -> None:
    assert verdict(Throttled("later", 7.0), attempts=9) == Again("Throttled", "later", "", 7.0, patient=True, pause=7.0)
    refused = verdict(AuthFailed("401"), attempts=9)
    assert isinstance(refused, Again)
    assert (refused.patient, refused.wait >= 30.0) == (True, True)
    assert verdict(Transient("busy"), attempts=9, patient=9) == Again("Transient", "busy", "", 2.0)


def test_foreign_errors_get_a_class() -> None:
    assert isinstance(as_delivery_error(NotConnected("gone")), Transient)
    assert isinstance(as_delivery_error(JournalError("disk")), Transient)
    assert isinstance(as_delivery_error(Misconfigured("no such folder")), AuthFailed)
    bug = as_delivery_error(KeyError("x"))
    assert isinstance(bug, Bug)
    assert bug.text == "KeyError: 'x'"
    assert "KeyError" in bug.detail


def test_a_route_classifies_by_the_answer() -> None:
    def unusable(facts: Value, scope: Scope) -> Value:
        raise ExpressionError("invalid-type", "the body is no object")

    plan = to(
        "out",
        classify=(
            ("Rejected", unusable),
            ("Throttled", lambda facts, scope: record_of(facts)["status"] == 420),
            ("BusinessRejected", lambda facts, scope: record_of(facts)["status"] == 500),
        ),
        retry=POLICY,
    )
    closed = classified(Transient("500", detail="closed", facts={"status": 500}), plan, {})
    assert (type(closed), closed.text, closed.detail) == (BusinessRejected, "500", "closed")
    slow = classified(Rejected("420", facts={"status": 420}), plan, {})
    assert isinstance(slow, Throttled)
    assert slow.seconds == POLICY.longest
    untouched = Transient("reset")
    assert classified(untouched, plan, {}) is untouched
    other = Transient("502", facts={"status": 502})
    assert classified(other, plan, {}) is other
