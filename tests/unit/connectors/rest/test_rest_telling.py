"""What a client is told about its message."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tundish.faults import Fault
from tundish.model import Acceptance, DeliveryProgress, DeliveryState, Progress, ProgressState, Reply
from tundish_connectors.rest.listening.telling import acceptance_answer, later, progress_answer, reply_answer

ACCEPTED = Acceptance("accepted", (7, 8))


def progress(state: ProgressState, *deliveries: DeliveryProgress) -> Progress:
    """A message."""
    return Progress(7, datetime(2026, 1, 2, tzinfo=UTC), state, deliveries)


def to(name: str, state: DeliveryState, **more: str) -> DeliveryProgress:
    """A delivery."""
    return DeliveryProgress(name, state, **more)


def test_accepted_has_a_location_that_leads_to_the_first_message() -> None:
    answer = acceptance_answer(ACCEPTED, "/orders/")
    assert answer.status == 202
    assert answer.headers == (("Location", "/orders/7"),)
    assert answer.content == {"id": "7", "ids": ["7", "8"], "outcome": "accepted"}


def test_what_cannot_be_read_has_no_location() -> None:
    answer = acceptance_answer(Acceptance("invalid", (), (Fault("qty", "too small", "order more"),)), "/orders")
    assert (answer.status, answer.headers) == (422, ())
    assert isinstance(answer.content, dict)
    assert answer.content["faults"] == [{"where": "qty", "text": "too small", "cure": "order more"}]


def test_delivered_is_told_with_what_the_route_says() -> None:
    done = progress("done", to("erp", "delivered", remote_id="45"))
    answer = reply_answer(ACCEPTED, Reply("delivered", (done,)), "/orders")
    assert answer.status == 200
    assert isinstance(answer.content, dict)
    assert answer.content["deliveries"] == {"erp": {"state": "delivered", "remote_id": "45"}}
    assert reply_answer(ACCEPTED, Reply("delivered", (done,), ["x"]), "/orders").content == ["x"]


@pytest.mark.parametrize(
    ("errors", "status"),
    [
        (["Rejected"], 422),
        (["BusinessRejected"], 422),
        (["Invalid"], 422),
        (["Transient"], 502),
        (["Invalid", "Bug"], 502),
    ],
)
def test_a_dead_letter_is_told_with_its_faults(errors: list[str], status: int) -> None:
    dead = progress("dead", *(to(f"d{number}", "dead", error=each, text="no") for number, each in enumerate(errors)))
    answer = reply_answer(ACCEPTED, Reply("dead", (dead,)), "/orders")
    assert answer.status == status
    assert isinstance(answer.content, dict)
    assert answer.content["faults"] == [
        {"where": f"d{number}", "error": each, "text": "no"} for number, each in enumerate(errors)
    ]


def test_late_says_that_the_message_is_safe() -> None:
    answer = reply_answer(ACCEPTED, Reply("late", (progress("open", to("erp", "open")),)), "/orders")
    assert answer.status == 202
    assert ("Location", "/orders/7") in answer.headers
    assert isinstance(answer.content, dict)
    assert answer.content["outcome"] == "accepted"


def test_a_state_tells_no_content() -> None:
    dead = progress("dead", to("erp", "dead", error="Rejected", text="qty 12 is secret"), to("mes", "filtered"))
    answer = progress_answer(dead)
    assert answer.content == {
        "id": "7",
        "state": "dead letter",
        "accepted": "2026-01-02T00:00:00+00:00",
        "deliveries": {"erp": {"state": "dead letter", "error": "Rejected"}, "mes": {"state": "filtered"}},
    }


def test_later_rounds_up() -> None:
    assert ("Retry-After", "2") in later("full", 1.2).headers
    assert ("Retry-After", "1") in later("full", 0.0).headers
