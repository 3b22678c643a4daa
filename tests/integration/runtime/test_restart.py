"""What a daemon finds when it starts again."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.integration.runtime.hand_made import PLANT, Apply, order, plan, route, running, to
from tundish.errors import ConfigurationError, JournalLocked, Transient
from tundish.journal import open_journal
from tundish.model import Receipt, Scope, Value
from tundish.plan.route import RetryPolicy
from tundish.runtime.daemon import Daemon, Options
from tundish.sdk.memory import memory

pytestmark = pytest.mark.anyio

SLOW = RetryPolicy(attempts=5, first=1.0, longest=1.0)


async def test_a_retry_keeps_its_attempts_and_its_time(tmp_path: Path) -> None:
    async with running(tmp_path, route(to("out", retry=SLOW))) as plant:
        plant.out().fail(Transient("503"))
        plant.queue_in.send(order(1))
        await plant.until(lambda total: total.retries == 1)
        failed = time.monotonic()
    async with running(tmp_path, route(to("out", retry=SLOW))) as plant:
        await asyncio.sleep(0.2)
        assert plant.out().delivered == []
        (message,) = await plant.out().received(1)
        assert message.attempt == 2
        assert time.monotonic() - failed >= 0.45, "it was tried before it was due"


async def test_a_backlog_larger_than_memory_is_delivered_in_order(tmp_path: Path) -> None:
    memory(PLANT).queue("out").fail(Transient("down"), times=10_000)
    async with running(tmp_path, route(to("out", retry=SLOW))) as plant:
        for step in range(3000):
            plant.queue_in.send(order(step % 3, step))
        await plant.until(lambda total: total.accepted == 3000, within=20)
        counts = plant.daemon.plant.routes["orders"].outlets["out"].lanes.counts()
        assert counts["in_memory"] <= 3 * 128 + 3
    memory(PLANT).queue("out").errors.clear()
    async with running(tmp_path, route(to("out", retry=SLOW))) as plant:
        messages = await plant.out().received(3000, within=30)
        for number in range(3):
            steps = [message.record["step"] for message in messages if message.key == f"WO-{number}"]
            assert steps == list(range(number, 3000, 3))


async def test_what_was_in_flight_when_the_process_died_is_verified(tmp_path: Path) -> None:
    async with running(tmp_path, route(to("out", verify=True, retry=SLOW))) as plant:
        plant.out().fail(Transient("503"))
        plant.queue_in.send(order(1))
        await plant.until(lambda total: total.retries == 1)
    journal = await open_journal(tmp_path)
    journal.started(1, "out")
    await journal.close()
    memory(PLANT).queue("out").answer("1-0", Receipt(facts={"status": 200}))
    async with running(tmp_path, route(to("out", verify=True))) as plant:
        totals = await plant.until(lambda total: total.open == 0)
        assert (totals.already_there, plant.out().delivered) == (1, [])


async def test_what_is_in_flight_at_the_end_of_the_patience_is_tried_again(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def hang() -> None:
        reached.set()
        await asyncio.sleep(60)

    class Slow(Apply):
        async def answer(self, *_: object) -> object:
            await hang()
            return None

    def same(record: Value, scope: Scope) -> object:
        return record

    slow = route(to("out"), steps=(Slow(same, awaits=True),), text="slow")
    async with running(tmp_path, slow) as plant:
        plant.queue_in.send(order(1))
        await reached.wait()
        plant.daemon.plant.routes["orders"].outlets["out"].close()
        assert not await plant.daemon.plant.routes["orders"].drain(0.05)
        await plant.until(lambda total: total.retries == 1)
        assert plant.daemon.plant.routes["orders"].outlets["out"].in_flight == 0


async def test_two_daemons_cannot_share_a_folder(tmp_path: Path) -> None:
    async with running(tmp_path, route()):
        with pytest.raises(JournalLocked):
            await Daemon(lambda: plan(route()), tmp_path).run()
        assert (tmp_path / "control.sock").exists()


async def test_a_lost_peer_comes_back(tmp_path: Path) -> None:
    async with running(tmp_path, route(to("out", retry=RetryPolicy(50, 0.01, 0.05)))) as plant:
        memory(PLANT).is_up = False
        await asyncio.sleep(0.1)
        sent = plant.queue_in.send(order(1))
        memory(PLANT).is_up = True
        await sent.acknowledged(within=10)
        await plant.out().received(1)


async def test_a_project_that_cannot_be_built_ends_the_daemon_with_its_findings(tmp_path: Path) -> None:
    wrong = plan(route(), connections={"other": plan().connections[PLANT]})
    with pytest.raises(ConfigurationError, match="there is no connection 'plant'"):
        await Daemon(lambda: wrong, tmp_path).run()


async def test_a_daemon_that_is_told_to_stop_while_it_starts_ends_in_order(tmp_path: Path) -> None:
    memory(PLANT).is_up = False
    daemon = Daemon(lambda: plan(route()), tmp_path)
    daemon.stop()
    async with asyncio.timeout(3):
        await daemon.run()
    journal = await open_journal(tmp_path)
    assert not journal.crashed
    await journal.close()


async def test_old_messages_are_deleted_and_the_backlog_is_counted(tmp_path: Path) -> None:
    options = Options(keep=0.0, purge_every=0.05)
    async with running(tmp_path, route(), options=options) as plant:
        for step in range(2):
            await plant.queue_in.send(order(1, step)).acknowledged()
        await plant.until(lambda total: total.delivered == 2)
        plant.daemon.plant.routes["orders"].backlog = 77
        async with asyncio.timeout(5):
            while await plant.daemon.journal.message_of(1):  # noqa: ASYNC110 - the journal announces nothing
                await asyncio.sleep(0.02)
            while plant.daemon.plant.routes["orders"].backlog:  # noqa: ASYNC110 - neither does a count
                await asyncio.sleep(0.02)
