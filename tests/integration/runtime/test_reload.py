"""A new project takes over from the old one while messages flow."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.runtime.hand_made import (
    PLANT,
    SLOW,
    Apply,
    SlowSettings,
    order,
    plan,
    record_of,
    route,
    running,
    to,
)
from tundish.errors import ConfigurationError, Rejected
from tundish.faults import Finding, Place
from tundish.journal import Selection, open_reader
from tundish.model import Scope, Value
from tundish.plan.route import Endpoint, Plan
from tundish.runtime.daemon import Options
from tundish.sdk.memory import SPEC

pytestmark = pytest.mark.anyio


def marked(version: int) -> Apply:
    """A step that writes which version it is of."""

    def mark(record: Value, scope: Scope) -> object:
        return {**record_of(record), "version": version}

    return Apply(mark)


async def send(plant: Any, first: int, count: int) -> None:
    """Steps of four orders, with a little time between."""
    for step in range(first, first + count):
        plant.queue_in.send(order(step % 4, step))
        if step % 10 == 0:
            await asyncio.sleep(0.005)


async def test_routes_change_under_load_without_loss_or_disorder(tmp_path: Path) -> None:
    async with running(tmp_path, route(steps=(marked(0),), text="version 0")) as plant:
        for version in range(1, 6):
            await send(plant, version * 100, 100)
            plant.plans.append(plan(route(steps=(marked(version),), text=f"version {version}")))
            assert (await plant.daemon.reload())["changed"] == ["orders"]
        messages = await plant.out().received(500, within=20)
        for number in range(4):
            mine = [message.record for message in messages if message.key == f"WO-{number}"]
            assert [record["step"] for record in mine] == sorted(record["step"] for record in mine)
            assert [record["version"] for record in mine] == sorted(record["version"] for record in mine)
        totals = await plant.until(lambda total: total.open == 0)
        assert (totals.accepted, totals.delivered, totals.duplicates) == (500, 500, 0)


async def test_a_wrong_project_changes_nothing(tmp_path: Path) -> None:
    finding = Finding("TD103", Place("routes/orders.yaml", 3, 5), "there is no connection 'shopflor'")

    async with running(tmp_path, route()) as plant:
        before = plant.daemon.plant.routes["orders"]

        class Wrong(list[Plan]):
            def __getitem__(self, index: Any) -> Any:
                raise ConfigurationError([finding])

        plant.daemon._load = lambda: Wrong()[-1]
        with pytest.raises(ConfigurationError, match="there is no connection 'shopflor'"):
            await plant.daemon.reload()
        plant.daemon._load = lambda: plan(
            route(to("out"), to("b"), name="other"), connections={"wrong": plan().connections[PLANT]}
        )
        with pytest.raises(ConfigurationError, match="there is no connection 'plant'"):
            await plant.daemon.reload()
        assert plant.daemon.plant.routes == {"orders": before}
        plant.queue_in.send(order(1))
        await plant.out().received(1)


async def test_an_unchanged_route_is_not_touched(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        before = plant.daemon.plant.routes["orders"]
        plant.plans.append(plan(route(), route(to("other"), name="others")))
        assert await plant.daemon.reload() == {"changed": ["others"], "removed": []}
        assert plant.daemon.plant.routes["orders"] is before
        plant.queue_in.send(order(1))
        await plant.out().received(1)


async def test_a_removed_route_delivers_what_it_accepted(tmp_path: Path) -> None:
    gate = asyncio.Event()

    class Waits(Apply):
        async def answer(self, record: Value, *_: object) -> object:
            await gate.wait()
            return record

    slow = route(steps=(Waits(lambda record, scope: record, awaits=True),))
    async with running(tmp_path, slow) as plant:
        for step in range(20):
            await plant.queue_in.send(order(1, step)).acknowledged()
        plant.plans.append(plan(route(to("other"), name="others")))
        assert await plant.daemon.reload() == {"changed": ["others"], "removed": ["orders"]}
        plant.queue_in.send(order(2))
        gate.set()
        await plant.out().received(20)
        assert len(plant.queue_in.waiting) == 1


async def test_a_destination_that_is_gone_from_the_route_still_gets_what_was_accepted_for_it(tmp_path: Path) -> None:
    async with running(tmp_path, route(to("out"), to("old"))) as plant:
        outlet = plant.daemon.plant.routes["orders"].outlets["old"]
        outlet.close()
        await plant.queue_in.send(order(1)).acknowledged()
        plant.plans.append(plan(route(to("out"), text="without the old one")))
        await plant.daemon.reload()
        await plant.out("old").received(1)
        await plant.until(lambda total: total.open == 0)


async def test_a_changed_connection_restarts_the_routes_on_it(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        before = plant.daemon.plant.connections[PLANT]
        plant.plans.append(plan(route(), connections={PLANT: (SPEC, _different())}))
        assert (await plant.daemon.reload())["changed"] == ["orders"]
        assert plant.daemon.plant.connections[PLANT] is not before
        plant.queue_in.send(order(1))
        await plant.out().received(1)
        assert before.state == "closed"


async def test_a_daemon_that_stops_during_a_hand_over_leaves_nothing_behind(tmp_path: Path) -> None:
    impatient = Options(drain_within=0.1)
    stuck = replace(to("out"), endpoint=Endpoint(SLOW, SlowSettings(queue="out", seconds=60), PLANT))
    async with asyncio.timeout(10), running(tmp_path, route(stuck, text="stuck"), options=impatient) as plant:
        await plant.queue_in.send(order(1)).acknowledged()
        outlet = plant.daemon.plant.routes["orders"].outlets["out"]
        while not outlet.in_flight:  # noqa: ASYNC110 - an outlet announces nothing
            await asyncio.sleep(0.01)
        plant.plans.append(plan(route(text="not stuck")))
        await plant.daemon.reload()
    with open_reader(tmp_path) as journal:
        assert [attempt.outcome for attempt in journal.attempts(1)] == ["Unknown"]
        assert [total.open for total in journal.totals()] == [1]


async def test_a_dead_letter_of_a_removed_route_can_be_replayed(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        plant.out().fail(Rejected("400"))
        plant.queue_in.send(order(1))
        await plant.until(lambda total: total.dead == 1)
        plant.plans.append(plan(route(to("other"), name="others")))
        await plant.daemon.reload()
        opened = await plant.daemon.journal.replay(Selection(seqs=(1,)), by="anna")
        await plant.daemon.plant.reopened(opened[0].route_version, opened)
        await plant.out().received(1)


def _different() -> Any:
    class Other(SPEC.connection.settings):  # type: ignore[misc,name-defined] # settings of another class are unequal
        """The same settings, which compare as other ones."""

    return Other()
