"""Large units, cancelled sources, and what happens when nothing can be taken."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.runtime.hand_made import PLANT, order, route, running, to
from tundish.errors import Backpressure, Transient
from tundish.faults import Fault
from tundish.formats.ndjson import NdjsonFormat, NdjsonSettings
from tundish.journal import Limits as JournalLimits
from tundish.model import Unit
from tundish.plan.route import RetryPolicy, RoutePlan
from tundish.runtime.accepting.intake import RouteIntake
from tundish.runtime.accepting.streaming import BATCH
from tundish.runtime.daemon import Options
from tundish.sdk.memory import memory
from tundish.telemetry import configure_logs

pytestmark = pytest.mark.anyio

NEVER = RetryPolicy(attempts=1000, first=60.0, longest=60.0)


def lines(*destinations: Any, once: Sequence[str] = ()) -> RoutePlan:
    """A route that reads one record per line."""
    return replace(route(*destinations, once=once), format=NdjsonFormat(NdjsonSettings()))


def write_file(path: Path, count: int, *, broken: int = -1) -> Unit:
    """A file with so many lines, of which one may be broken, as a source claims it."""
    with path.open("wb") as file:
        for step in range(count):
            file.write(b'{"order": \n' if step == broken else order(step % 7, step) + b"\n")
    return Unit(body=path, received=datetime.now(UTC), meta={"file": path.name}, name=f"{path.name}-1")


async def test_a_large_file_is_taken_in_batches_and_a_broken_line_is_kept(tmp_path: Path) -> None:
    async with running(tmp_path / "data", lines()) as plant:
        intake = plant.daemon.plant.routes["orders"].intake
        acceptance = await intake.accept(write_file(tmp_path / "drop.ndjson", 2 * BATCH + 10, broken=700))
        assert acceptance.outcome == "accepted"
        assert len(acceptance.faults) == 1
        totals = await plant.until(lambda total: total.open == 0 and total.delivered > 0, within=20)
        assert (totals.accepted, totals.unreadable) == (2 * BATCH + 9, 1)
        for number in range(7):
            steps = [message.record["step"] for message in plant.out().delivered if message.key == f"WO-{number}"]
            assert steps == sorted(steps)


async def test_a_position_can_change_without_a_unit(tmp_path: Path) -> None:
    async with running(tmp_path / "data", lines()) as plant:
        intake = plant.daemon.plant.routes["orders"].intake
        await intake.accept(Unit(body=order(1), received=datetime.now(UTC), cursor=b"rows 1 and 2"))
        await intake.keep(b"none")
        assert await intake.cursor() == b"none"
        intake.stop()
        with pytest.raises(Backpressure):
            await intake.keep(b"too late")
    async with running(tmp_path / "data", lines()) as plant:
        assert await plant.daemon.plant.routes["orders"].intake.cursor() == b"none"
        (totals,) = await plant.daemon.journal.ask(lambda reader: reader.totals())
        assert totals.accepted == 1


@pytest.mark.parametrize("body", [b"", Path("/not/read")], ids=["no content", "a path"])
async def test_what_a_source_finds_faults_in_becomes_a_dead_letter_unread(tmp_path: Path, body: bytes | Path) -> None:
    async with running(tmp_path / "data", lines()) as plant:
        intake = plant.daemon.plant.routes["orders"].intake
        fault = Fault("", "it has 3 GB", "send less")
        acceptance = await intake.accept(Unit(body, datetime.now(UTC), {"file": "huge.csv"}, faults=(fault,)))
        assert (acceptance.outcome, acceptance.faults) == ("invalid", (fault,))
        totals = await plant.until(lambda total: total.unreadable == 1)
        assert (totals.accepted, totals.delivered) == (0, 0)


async def test_a_file_that_is_handed_over_again_goes_on_where_it_was_left(tmp_path: Path) -> None:
    unit = write_file(tmp_path / "drop.ndjson", 3 * BATCH)
    async with running(tmp_path / "data", lines()) as plant:
        intake = plant.daemon.plant.routes["orders"].intake
        reading = asyncio.get_running_loop().create_task(intake.accept(unit))
        await plant.until(lambda total: total.accepted >= BATCH, within=20)
        reading.cancel()
        await asyncio.wait([reading])
    async with running(tmp_path / "data", lines()) as plant:
        intake = plant.daemon.plant.routes["orders"].intake
        await intake.accept(unit)
        repeat = await intake.accept(unit)
        assert (repeat.outcome, repeat.ids) == ("duplicate", ())
        totals = await plant.until(lambda total: total.open == 0, within=20)
        assert (totals.accepted, totals.duplicates, totals.delivered) == (3 * BATCH, 0, 3 * BATCH)


async def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    configure_logs(level="error")
    memory(PLANT).queue("out").fail(Transient("down"), times=100_000)
    padding = "x" * 2000
    path = tmp_path / "drop.ndjson"
    with path.open("w") as file:
        for step in range(12_000):
            file.write(json.dumps({"order": f"WO-{step}", "step": step, "padding": padding}) + "\n")
    async with running(tmp_path / "data", lines(to("out", retry=NEVER))) as plant:
        tracemalloc.start()
        await plant.daemon.plant.routes["orders"].intake.accept(Unit(path, datetime.now(UTC), name="drop-1"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < path.stat().st_size, "the file was held in memory"


async def test_a_source_that_gives_up_does_not_take_its_message_back(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        intake = plant.daemon.plant.routes["orders"].intake
        for step in range(50):
            unit = Unit(order(1, step), datetime.now(UTC))
            accepting = asyncio.get_running_loop().create_task(intake.accept(unit))
            await asyncio.sleep(0)
            accepting.cancel()
            await asyncio.wait([accepting])
        await plant.queue_in.send(order(1, 50)).acknowledged()
        messages = await plant.until(lambda total: total.open == 0 and total.delivered > 0)
        steps = [message.record["step"] for message in plant.out().delivered]
        assert steps == sorted(steps)
        assert messages.delivered == messages.accepted


async def test_a_full_backlog_slows_the_source_and_loses_nothing(tmp_path: Path) -> None:
    plan = route(to("out", retry=RetryPolicy(1000, 0.05, 0.05)))
    async with running(tmp_path, plan, options=Options(backlog=50)) as plant:
        plant.out().fail(Transient("down"), times=100_000)
        sent = [plant.queue_in.send(order(number)) for number in range(200)]
        await plant.until(lambda total: total.accepted >= 50)
        with pytest.raises(Backpressure, match="deliveries open"):
            await plant.daemon.plant.routes["orders"].intake.accept(Unit(order(1), datetime.now(UTC)))
        assert sent[-1].acceptance is None
        plant.out().errors.clear()
        await plant.out().received(200, within=30)
        await sent[-1].acknowledged()
        assert (await plant.totals()).accepted == 200


async def test_a_full_journal_stops_accepting_and_goes_on_delivering(tmp_path: Path) -> None:
    limits = JournalLimits(quota=2 * 1024 * 1024, min_free=0, ballast=0)
    plan = route(to("out", retry=RetryPolicy(1000, 0.5, 0.5)))

    async def fill(intake: RouteIntake) -> None:
        for step in range(1000):
            await intake.accept(Unit(order(1, step, padding="x" * 20_000), datetime.now(UTC)))

    async with running(tmp_path, plan, options=Options(journal=limits)) as plant:
        plant.out().fail(Transient("down"), times=100_000)
        with pytest.raises(Backpressure, match="quota"):
            await fill(plant.daemon.plant.routes["orders"].intake)
        assert "quota" in plant.daemon.trouble
        before = await plant.totals()
        assert before.open > 0
        plant.out().errors.clear()
        totals = await plant.until(lambda total: total.open == 0)
        assert totals.delivered == totals.accepted == before.accepted
        assert [message.record["step"] for message in plant.out().delivered] == list(range(before.accepted))
