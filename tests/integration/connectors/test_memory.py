"""The in-memory connector fails when a test wants it to, and answers what a test prepared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conformance.stand import RecordingIntake, Workbench, outgoing, workbench
from tundish.errors import Rejected, Transient
from tundish.model import Receipt
from tundish.sdk import connector
from tundish.sdk.memory import memory, reset

pytestmark = pytest.mark.anyio

SPEC = connector("memory")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Workbench]:
    """A place for routes, with fresh queues."""
    reset()
    async with workbench(tmp_path / "data") as found:
        yield found


async def test_a_unit_goes_from_the_test_to_the_route(bench: Workbench) -> None:
    source, intake = bench.stand(SPEC, SPEC.source, {}, {"queue": "completions"}), RecordingIntake()
    sent = memory("memory").queue("completions").send(b"body", meta={"topic": "a"}, name="unit-1")
    await source.open()
    source.run(intake)
    acceptance = await sent.acknowledged()
    assert acceptance.ids == (1,)
    (unit,) = intake.accepted
    assert (unit.body, unit.meta, unit.name) == (b"body", {"topic": "a"}, "unit-1")


async def test_a_message_goes_from_the_route_to_the_test(bench: Workbench) -> None:
    destination = bench.stand(SPEC, SPEC.destination, {}, {"queue": "bookings"})
    queue = memory("memory").queue("bookings")
    queue.fail(Transient("busy"), times=2)
    queue.fail(Rejected("no"))
    for error in (Transient, Transient, Rejected):
        with pytest.raises(error):
            await destination.destination.deliver(outgoing(1))
    receipt = await destination.destination.deliver(outgoing(2))
    assert receipt.remote_id == "bookings/1"
    (booked,) = await queue.received(1)
    assert booked.id == 2
    assert destination.destination.preview(outgoing(1)) == {"queue": "bookings"}


async def test_a_question_finds_what_was_prepared(bench: Workbench) -> None:
    lookup = bench.stand(SPEC, SPEC.lookup, {}, {"queue": "orders", "by": "work_order"})
    memory("memory").queue("orders").answer("4711", Receipt(facts={"status": 200, "body": {"item": "FG-1"}}))
    assert (await lookup.lookup.find({"work_order": "4711"})).facts["status"] == 200
    assert (await lookup.lookup.find({"work_order": "4712"})).facts == {"status": 404}
    memory("memory").is_up = False
    with pytest.raises(Transient):
        await lookup.lookup.find({"work_order": "4711"})
