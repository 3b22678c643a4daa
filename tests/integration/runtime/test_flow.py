"""From the source through the journal to the destinations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from tests.integration.runtime.hand_made import Apply, order, record_of, route, running, to
from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.journal import Selection
from tundish.model import Receipt, Record, Scope, Value
from tundish.plan.route import FILTERED

pytestmark = pytest.mark.anyio


async def test_a_message_arrives_at_every_destination(tmp_path: Path) -> None:
    async with running(tmp_path, route(to("erp"), to("historian"))) as plant:
        acceptance = await plant.queue_in.send(order(1)).acknowledged()
        assert acceptance.outcome == "accepted"
        for name in ("erp", "historian"):
            (message,) = await plant.out(name).received(1)
            assert message.record == {"order": "WO-1", "step": 0, "id": "1-0"}
            assert message.key == "WO-1"
        totals = await plant.until(lambda total: total.open == 0)
        assert (totals.accepted, totals.deliveries, totals.delivered) == (1, 2, 2)
        assert totals.balanced


async def test_messages_of_one_key_arrive_in_order(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        for step in range(200):
            plant.queue_in.send(order(step % 5, step))
        messages = await plant.out().received(200)
        for number in range(5):
            steps = [message.record["step"] for message in messages if message.key == f"WO-{number}"]
            assert steps == list(range(number, 200, 5))


async def test_a_unit_of_many_messages_is_one_acceptance(tmp_path: Path) -> None:
    async with running(tmp_path, route(records="@")) as plant:
        body = b"[" + b",".join(order(1, step) for step in range(3)) + b"]"
        acceptance = await plant.queue_in.send(body).acknowledged()
        assert len(acceptance.ids) == 3
        messages = await plant.out().received(3)
        assert [message.record["step"] for message in messages] == [0, 1, 2]


async def test_filtered_messages_are_done(tmp_path: Path) -> None:
    def odd(record: Value, scope: Scope) -> object:
        return record if cast("int", cast("Record", record)["step"]) % 2 else FILTERED

    not_three = to("out", when=lambda record, scope: cast("Record", record)["step"] != 3)
    async with running(tmp_path, route(not_three, steps=(Apply(odd),))) as plant:
        for step in range(4):
            plant.queue_in.send(order(1, step))
        totals = await plant.until(lambda total: total.accepted == 4 and total.open == 0)
        assert (totals.delivered, totals.filtered) == (1, 3)


async def test_a_repeat_is_a_duplicate_and_other_content_is_a_conflict(tmp_path: Path) -> None:
    async with running(tmp_path, route(once=["id"])) as plant:
        first = await plant.queue_in.send(order(1)).acknowledged()
        repeat = await plant.queue_in.send(b" " + order(1)).acknowledged()
        other = await plant.queue_in.send(order(1, more="x")).acknowledged()
        assert (first.outcome, repeat.outcome, other.outcome) == ("accepted", "duplicate", "conflict")
        assert repeat.ids == first.ids
        totals = await plant.until(lambda total: total.open == 0)
        assert (totals.accepted, totals.duplicates, totals.conflicts, totals.delivered) == (2, 1, 1, 1)
        assert totals.balanced


async def test_the_name_of_a_unit_makes_it_once(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        first = await plant.queue_in.send(order(1), name="drop-1.json").acknowledged()
        repeat = await plant.queue_in.send(order(1), name="drop-1.json").acknowledged()
        assert (first.outcome, repeat.outcome) == ("accepted", "duplicate")


async def test_an_unreadable_unit_is_kept_and_blocks_nothing(tmp_path: Path) -> None:
    def contract(record: Value) -> tuple[Fault, ...]:
        return () if "order" in cast("Record", record) else (Fault("order", "is missing"),)

    async with running(tmp_path, route(contract=contract)) as plant:
        broken = await plant.queue_in.send(b'{"order": ').acknowledged()
        faulty = await plant.queue_in.send(b'{"step": 1}').acknowledged()
        await plant.queue_in.send(order(1)).acknowledged()
        assert (broken.outcome, faulty.outcome) == ("invalid", "invalid")
        assert [str(fault) for fault in faulty.faults] == ["order: is missing"]
        totals = await plant.until(lambda total: total.delivered == 1)
        assert (totals.unreadable, totals.accepted) == (2, 1)
        assert totals.balanced
        stored = await plant.daemon.journal.message_of(1)
        assert stored is not None
        assert (stored.body, stored.unreadable) == (b'{"order": ', True)


async def test_a_fault_in_the_steps_is_one_dead_letter_for_all_destinations(tmp_path: Path) -> None:
    def refuse(record: Value, scope: Scope) -> object:
        if cast("Record", record)["step"] == 1:
            raise Invalid("two faults", faults=(Fault("step", "is 1"), Fault("order", "is wrong")))
        return record

    async with running(tmp_path, route(to("a"), to("b"), steps=(Apply(refuse),))) as plant:
        for step in range(3):
            plant.queue_in.send(order(1, step))
        plant.queue_in.send(order(2, 0))
        totals = await plant.until(lambda total: total.dead == 2 and total.delivered == 4)
        assert (totals.open, totals.held) == (2, 2)
        (letter,) = await plant.daemon.journal.ask(lambda reader: reader.dead_letters(Selection(route="orders")))
        assert (letter.destination, letter.error, letter.holds) == ("", "Invalid", True)
        assert "step: is 1" in letter.text
        assert "order: is wrong" in letter.text


async def test_steps_that_ask_run_once_for_all_destinations(tmp_path: Path) -> None:
    def found(record: Value, scope: Scope) -> object:
        return {"order": record_of(record)["order"], "status": record_of(record_of(record)["found"])["status"]}

    async with running(tmp_path, route(to("a"), to("b"), steps=(Apply(found, awaits=True),))) as plant:
        plant.out("lookup").answer("WO-1", Receipt(facts={"status": "released"}))
        plant.queue_in.send(order(1))
        for name in ("a", "b"):
            (message,) = await plant.out(name).received(1)
            assert json.loads(message.body) == {"order": "WO-1", "status": "released"}
