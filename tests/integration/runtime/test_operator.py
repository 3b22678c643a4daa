"""Held lanes, and what an operator does with dead letters, through the control socket."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.integration.runtime.hand_made import Apply, order, plan, record_of, route, running, to
from tundish.errors import DaemonRefused, Invalid, NoDaemon, Rejected
from tundish.model import Scope, Value
from tundish.runtime.control.client import request

pytestmark = pytest.mark.anyio


async def tell(data: Path, command: str, **args: object) -> dict[str, Any]:
    """The client blocks, as the command line does."""
    return await asyncio.to_thread(request, data, command, **args)


def steps_of(plant: Any, key: str = "WO-1", queue: str = "out") -> list[int]:
    return [message.record["step"] for message in plant.out(queue).delivered if message.key == key]


async def held(plant: Any, behind: int = 3) -> None:
    """The first message of order 1 is dead, the others of it wait, order 2 flows."""
    plant.out().fail(Rejected("400"))
    await plant.queue_in.send(order(1, 0)).acknowledged()
    await plant.until(lambda total: total.dead == 1)
    for step in range(1, behind + 1):
        plant.queue_in.send(order(1, step))
    await plant.queue_in.send(order(2)).acknowledged()
    totals = await plant.until(lambda total: total.delivered == 1)
    assert (totals.open, totals.held) == (behind, behind)
    assert steps_of(plant, "WO-2") == [0]


async def test_a_replay_frees_the_lane_and_goes_first(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        await held(plant)
        answer = await tell(tmp_path, "replay", route="orders", key="WO-1", by="anna", why="the ERP was corrected")
        assert answer == {"replayed": 1, "messages": [1]}
        await plant.until(lambda total: total.open == 0)
        assert steps_of(plant) == [0, 1, 2, 3]


async def test_a_discard_frees_the_lane_and_delivers_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        await held(plant)
        with pytest.raises(DaemonRefused, match="with a reason"):
            await tell(tmp_path, "discard", seqs=[1])
        assert await tell(tmp_path, "discard", seqs=[1], by="anna", why="booked by hand") == {"discarded": 1}
        totals = await plant.until(lambda total: total.open == 0)
        assert steps_of(plant) == [1, 2, 3]
        assert (totals.discarded, totals.dead) == (1, 0)


async def test_a_release_lets_the_others_pass_and_a_later_replay_arrives_behind_them(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        await held(plant)
        assert await tell(tmp_path, "release", route="orders", destination="out", key="WO-1") == {"released": 1}
        await plant.until(lambda total: total.open == 0)
        assert steps_of(plant) == [1, 2, 3]
        await tell(tmp_path, "replay", seqs=[1])
        await plant.until(lambda total: total.dead == 0 and total.open == 0)
        assert steps_of(plant) == [1, 2, 3, 0]


async def test_a_route_that_continues_holds_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, route(after_dead_letter="continue")) as plant:
        plant.out().fail(Rejected("400"))
        for step in range(3):
            plant.queue_in.send(order(1, step))
        totals = await plant.until(lambda total: total.delivered == 2)
        assert (totals.dead, totals.held) == (1, 0)


async def test_a_held_lane_is_still_held_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        await held(plant)
    async with running(tmp_path, route()) as plant:
        await plant.queue_in.send(order(3)).acknowledged()
        await plant.until(lambda total: total.delivered == 2)
        assert steps_of(plant) == []
        await tell(tmp_path, "replay", seqs=[1])
        await plant.until(lambda total: total.open == 0)
        assert steps_of(plant) == [0, 1, 2, 3]


async def test_a_message_that_died_in_the_steps_is_replayed_with_the_corrected_route(tmp_path: Path) -> None:
    def wrong(record: Value, scope: Scope) -> object:
        if record_of(record)["step"] == 0:
            raise Invalid("the mapping is wrong")
        return record

    broken = route(to("a"), to("b"), steps=(Apply(wrong),), text="version 1")
    async with running(tmp_path, broken) as plant:
        await plant.queue_in.send(order(1, 0)).acknowledged()
        await plant.queue_in.send(order(1, 1)).acknowledged()
        await plant.until(lambda total: total.dead == 2)
        plant.plans.append(plan(route(to("a"), to("b"), text="version 2")))
        assert (await tell(tmp_path, "reload"))["changed"] == ["orders"]
        await tell(tmp_path, "replay", seqs=[1])
        await plant.until(lambda total: total.open == 0 and total.delivered == 4)
        assert steps_of(plant, queue="a") == [0, 1]
        assert steps_of(plant, queue="b") == [0, 1]


async def test_status_tells_what_runs(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        await held(plant)
        answer = await tell(tmp_path, "status")
        assert (answer["state"], answer["project"], answer["trouble"]) == ("ready", "test", "")
        assert answer["connections"]["plant"]["state"] == "open"
        orders = answer["routes"]["orders"]
        assert orders["source"] == {"state": "open", "error": ""}
        assert orders["backlog"] == 3
        assert orders["destinations"]["out"]["held"] == 1
        assert orders["destinations"]["out"]["circuit"] == "closed"
        assert orders["totals"]["dead"] == 1
        assert answer["balanced"] is True


async def test_the_socket_is_the_owners_alone(tmp_path: Path) -> None:
    async with running(tmp_path, route()):
        assert stat.S_IMODE((tmp_path / "control.sock").stat().st_mode) == 0o600


async def test_what_cannot_be_done_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(NoDaemon, match="no daemon answers"):
        await tell(tmp_path, "status")
    async with running(tmp_path, route()):
        with pytest.raises(DaemonRefused, match="knows no command 'explode'; it knows status, replay"):
            await tell(tmp_path, "explode")
        with pytest.raises(DaemonRefused, match="nothing is selected"):
            await tell(tmp_path, "replay")
        with pytest.raises(DaemonRefused, match="a selection has no 'rout'"):
            await tell(tmp_path, "replay", rout="orders")
        with pytest.raises(DaemonRefused, match="Expected `int`"):
            await tell(tmp_path, "replay", seqs=["one"])
        with pytest.raises(DaemonRefused, match="no command with its arguments"):
            await tell(tmp_path, "release", key="WO-1")


async def test_a_folder_with_a_long_name_has_a_socket_too(tmp_path: Path) -> None:
    data = tmp_path / ("a-long-name-" * 10) / "data"
    async with running(data, route()):
        assert (await tell(data, "status"))["state"] == "ready"


async def test_stop_ends_the_daemon_in_order(tmp_path: Path) -> None:
    async with running(tmp_path, route()) as plant:
        assert await tell(tmp_path, "stop") == {"state": "stopping"}
        async with asyncio.timeout(5):
            while (tmp_path / "control.sock").exists():  # noqa: ASYNC110 - the socket's file is what others see
                await asyncio.sleep(0.01)
        assert plant.daemon.state == "stopping"
