"""Nobody waits for a stranger: not for a slow destination, not for a stuck order, not for a busy one."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.runtime.hand_made import PLANT, SLOW, SlowSettings, order, route, running, to
from tundish.errors import Transient
from tundish.plan.route import DestinationPlan, Endpoint, RetryPolicy
from tundish.runtime.daemon import Options

pytestmark = pytest.mark.anyio


def slow(name: str, seconds: float, concurrency: int = 2) -> DestinationPlan:
    """A destination that takes so many seconds for each message."""
    endpoint = Endpoint(SLOW, SlowSettings(queue=name, seconds=seconds), PLANT)
    return replace(to(name, concurrency=concurrency), endpoint=endpoint)


async def test_a_slow_destination_holds_up_no_other(tmp_path: Path) -> None:
    impatient = Options(drain_within=0.1)
    async with running(tmp_path, route(slow("archive", 5.0), to("erp"), to("mes")), options=impatient) as plant:
        for step in range(300):
            plant.queue_in.send(order(step % 10, step))
        for name in ("erp", "mes"):
            await plant.out(name).received(300, within=4)
        assert plant.out("archive").delivered == []
        totals = await plant.until(lambda total: total.delivered == 600)
        assert totals.open == 300


async def test_an_order_that_waits_for_its_retries_holds_up_no_other(tmp_path: Path) -> None:
    async with running(tmp_path, route(to("out", retry=RetryPolicy(9, 60.0, 60.0)))) as plant:
        plant.out().fail(Transient("the order is locked"))
        await plant.queue_in.send(order(0)).acknowledged()
        await plant.until(lambda total: total.retries == 1)
        for step in range(200):
            plant.queue_in.send(order(0, step + 1))
            plant.queue_in.send(order(1 + step % 5, step))
        await plant.out().received(200)
        assert all(message.key != "WO-0" for message in plant.out().delivered)
        totals = await plant.until(lambda total: total.accepted == 401 and total.open == 201)
        assert totals.dead == 0
        counts = plant.daemon.plant.routes["orders"].outlets["out"].lanes.counts()
        assert counts["waiting"] == 1


async def test_an_order_with_half_of_the_traffic_does_not_starve_the_others(tmp_path: Path) -> None:
    async with running(tmp_path, route(slow("out", 0.002, concurrency=1))) as plant:
        begun = time.monotonic()
        for step in range(400):
            plant.queue_in.send(order(0, step))
            plant.queue_in.send(order(1 + step % 100, step))
        messages = await plant.out().received(800, within=30)
        assert time.monotonic() - begun < 30
        first_half = [message for message in messages[:400] if message.key != "WO-0"]
        assert len(first_half) > 200, "the busy order took more than its turns"
        busy = [message.record["step"] for message in messages if message.key == "WO-0"]
        assert busy == list(range(400))
