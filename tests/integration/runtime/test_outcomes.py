"""What becomes of a delivery is decided by the class of its error."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.runtime.hand_made import order, record_of, route, running, to
from tundish.errors import (
    AuthFailed,
    BusinessRejected,
    DeliveryError,
    Duplicate,
    Rejected,
    Throttled,
    Transient,
    Unknown,
)
from tundish.journal import DeadLetter, Selection
from tundish.model import Receipt
from tundish.plan.route import RetryPolicy
from tundish.runtime.delivering.circuit import LANES_TO_OPEN

pytestmark = pytest.mark.anyio


async def dead_letters(plant: Any) -> list[DeadLetter]:
    return list(await plant.daemon.journal.ask(lambda reader: reader.dead_letters(Selection(route="orders"))))


async def test_a_transient_fault_is_retried_until_it_passes(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        plant.out().fail(Transient("503"), times=3)
        plant.queue_in.send(order(1))
        (message,) = await plant.out().received(1)
        assert message.attempt == 4
        totals = await plant.until(lambda total: total.open == 0)
        assert (totals.retries, totals.delivered) == (3, 1)
        attempts = await plant.daemon.journal.ask(lambda reader: reader.attempts(message.id))
        assert [attempt.outcome for attempt in attempts] == ["Transient", "Transient", "Transient", "delivered"]


async def test_the_last_attempt_ends_in_a_dead_letter(tmp_path: Path) -> None:
    async with running(tmp_path, route(to("out", retry=RetryPolicy(3, 0.01, 0.02)))) as plant:
        plant.out().fail(Transient("503"), times=3)
        plant.queue_in.send(order(1))
        await plant.until(lambda total: total.dead == 1)
        (letter,) = await dead_letters(plant)
        assert (letter.error, letter.attempts, letter.holds) == ("Transient", 3, True)
        assert plant.out().delivered == []


@pytest.mark.parametrize("error", [Rejected("400"), BusinessRejected("the period is closed")])
async def test_a_refusal_is_a_dead_letter_at_once(tmp_path: Path, error: DeliveryError) -> None:
    async with running(tmp_path, route()) as plant:
        plant.out().fail(error)
        plant.queue_in.send(order(1))
        await plant.until(lambda total: total.dead == 1)
        (letter,) = await dead_letters(plant)
        assert (letter.error, letter.text, letter.attempts) == (type(error).__name__, error.text, 1)


async def test_what_nobody_foresaw_is_a_bug_with_its_traceback(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        plant.out().errors.append(ZeroDivisionError("division by zero"))
        plant.queue_in.send(order(1))
        plant.queue_in.send(order(2))
        await plant.until(lambda total: total.dead == 1 and total.delivered == 1)
        (letter,) = await dead_letters(plant)
        assert (letter.error, letter.text) == ("Bug", "ZeroDivisionError: division by zero")
        assert "Traceback" in letter.detail


async def test_a_duplicate_is_done(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        plant.out().fail(Duplicate("it is there already"))
        plant.queue_in.send(order(1))
        totals = await plant.until(lambda total: total.open == 0 and total.accepted == 1)
        assert (totals.already_there, totals.dead) == (1, 0)


async def test_a_throttling_destination_is_left_alone_for_as_long_as_it_asks(tmp_path: Path) -> None:
    async with running(tmp_path, route(to("out", retry=RetryPolicy(1, 0.01, 0.02)))) as plant:
        plant.out().fail(Throttled("429", 0.3))
        begun = time.monotonic()
        plant.queue_in.send(order(1))
        await plant.until(lambda total: total.retries == 1)
        plant.queue_in.send(order(2))
        await plant.out().received(2)
        assert time.monotonic() - begun >= 0.3
        assert (await plant.totals()).dead == 0


async def test_refused_credentials_use_up_no_attempts(tmp_path: Path) -> None:
    async with running(tmp_path, route(to("out", retry=RetryPolicy(1, 0.01, 0.02)))) as plant:
        plant.out().fail(AuthFailed("401"))
        plant.queue_in.send(order(1))
        totals = await plant.until(lambda total: total.retries == 1)
        assert (totals.open, totals.dead) == (1, 0)


@pytest.mark.parametrize(("answer", "sent_again"), [(200, False), (404, True)])
async def test_an_unknown_outcome_is_verified_before_it_is_sent_again(
    tmp_path: Path, answer: int, sent_again: bool
) -> None:
    async with running(tmp_path, route(to("out", verify=True))) as plant:
        plant.out().errors.append(Unknown("no answer"))
        plant.out().answer("1-0", Receipt(facts={"status": answer}))
        plant.queue_in.send(order(1))
        totals = await plant.until(lambda total: total.accepted == 1 and total.open == 0)
        assert len(plant.out().delivered) == (1 if sent_again else 0)
        assert (totals.delivered, totals.already_there) == ((1, 0) if sent_again else (0, 1))


async def test_without_a_way_to_verify_it_is_sent_again_under_the_same_key(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        plant.out().fail(Unknown("no answer"))
        plant.queue_in.send(order(1))
        (message,) = await plant.out().received(1)
        assert message.idempotency_key.startswith("orders:out:")
        assert message.attempt == 2


async def test_a_verification_that_fails_is_repeated_and_nothing_is_sent(tmp_path: Path) -> None:
    async with running(tmp_path, route(to("out", verify=True))) as plant:
        # The memory connector has one list of errors for deliveries and questions: the second one meets the question.
        plant.out().fail(Unknown("no answer"))
        plant.out().fail(Transient("503"))
        plant.out().answer("1-0", Receipt(facts={"status": 200}))
        plant.queue_in.send(order(1))
        totals = await plant.until(lambda total: total.accepted == 1 and total.open == 0)
        assert (totals.retries, totals.already_there, plant.out().delivered) == (2, 1, [])


async def test_a_route_classifies_a_failed_answer(tmp_path: Path) -> None:
    closed = ("BusinessRejected", lambda facts, scope: record_of(facts)["body"] == "period closed")
    async with running(tmp_path, route(to("out", classify=(closed,)))) as plant:
        plant.out().fail(Transient("500", facts={"status": 500, "body": "period closed"}))
        plant.queue_in.send(order(1))
        await plant.until(lambda total: total.dead == 1)
        (letter,) = await dead_letters(plant)
        assert letter.error == "BusinessRejected"


async def test_a_dead_destination_is_tried_by_few(tmp_path: Path) -> None:
    retry = RetryPolicy(5, 0.01, 0.02)
    async with running(tmp_path, route(to("out", retry=retry, concurrency=1))) as plant:
        plant.out().fail(Transient("connection refused"), times=8)
        for number in range(50):
            plant.queue_in.send(order(number))
        outlet = plant.daemon.plant.routes["orders"].outlets["out"]
        await plant.until(lambda total: total.accepted == 50 and outlet.circuit.state == "open")
        assert len(plant.out().errors) == 8 - LANES_TO_OPEN
        await plant.out().received(50, within=20)
        assert (await plant.totals()).dead == 0
        assert outlet.circuit.until == 0
