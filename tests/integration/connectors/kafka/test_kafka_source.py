"""Reading a topic: positions, gaps and order. The peer is librdkafka's mock cluster."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import RecordingIntake, Stand
from tests.integration.connectors.kafka.dock import Dock, places
from tundish.errors import Misconfigured, NotConnected
from tundish.telemetry import Event

pytestmark = pytest.mark.anyio


def gaps(stand: Stand) -> list[tuple[object, object, object]]:
    """Partition, first and last offset of every gap that was reported."""
    return [
        (facts["partition"], facts["first"], facts["last"])
        for _, event, facts in stand.log.events
        if event == Event.SOURCE_GAP
    ]


async def read(stand: Stand, intake: RecordingIntake, count: int) -> None:
    """Open, read until so many were accepted in all, and close."""
    await stand.open()
    stand.run(intake)
    await intake.wait_for(count)
    intake.position = intake.accepted[-1].cursor
    await stand.close()


async def test_the_journal_knows_the_position_and_the_group_only_where_it_does_not(dock: Dock) -> None:
    await dock.send(b"a", b"b", b"c")
    stand, intake = dock.source(), RecordingIntake()
    await read(stand, intake, 3)
    assert json.loads(intake.position or b"")["next"] == {"0": 3, "1": 0, "2": 0}
    assert await dock.reached("us") == 3

    # A journal that is behind the group reads again; one that knows nothing follows the group.
    intake.position = b'{"topic":"in","next":{"0":1,"1":0,"2":0}}'
    await read(stand, intake, 5)
    assert places(intake) == [0, 1, 2, 1, 2]
    fresh = RecordingIntake()
    await dock.send(b"d")
    await read(stand, fresh, 1)
    assert places(fresh) == [3]


async def test_a_source_that_is_closed_while_it_tells_the_group_tells_it_all(dock: Dock) -> None:
    await dock.send(b"a")
    stand, intake = dock.source(), RecordingIntake()
    intake.gate.clear()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(1, offered=True)
    await asyncio.sleep(0.3)
    dock.cluster.proxy.delay(0.15)
    intake.gate.set()
    await intake.wait_for(1)
    await asyncio.sleep(0.05)
    await stand.close()
    dock.cluster.proxy.delay(0)
    assert await dock.reached("us") == 1


async def test_the_order_of_each_partition_stays(dock: Dock) -> None:
    for number in range(30):
        await dock.send(b"%d" % number, partition=number % 3)
    intake = RecordingIntake(delay=lambda number: 0.01 if number % 4 else 0.0)
    await read(dock.source(), intake, 30)
    assert [places(intake, partition) for partition in range(3)] == [[*range(10)]] * 3


async def test_only_some_partitions_are_read_where_they_are_named(dock: Dock) -> None:
    for partition in range(3):
        await dock.send(b"x", partition=partition)
    intake = RecordingIntake()
    await read(dock.source(partitions=[0, 2]), intake, 2)
    assert {unit.meta["partition"] for unit in intake.accepted} == {0, 2}
    with pytest.raises(Misconfigured, match="has no partition 7"):
        await dock.source(partitions=[7]).open()


async def test_latest_begins_at_the_end_once(dock: Dock) -> None:
    await dock.send(b"old")
    stand, intake = dock.source(start="latest"), RecordingIntake()
    await stand.open()
    stand.run(intake)
    await asyncio.sleep(0.5)
    await stand.close()
    await dock.send(b"new")
    await read(stand, intake, 1)
    assert [unit.body for unit in intake.accepted] == [b"new"]


async def test_what_was_discarded_is_reported(dock: Dock) -> None:
    await dock.send(*(b"%d" % number for number in range(20)))
    stand, intake = dock.source(), RecordingIntake()
    intake.position = b'{"topic":"in","next":{"0":5,"1":0,"2":0}}'
    dock.cluster.discard("in", 12)
    await read(stand, intake, 8)
    assert places(intake) == [*range(12, 20)]
    assert gaps(stand) == [(0, 5, 11)]


async def test_a_topic_that_was_made_anew_is_read_from_its_beginning(dock: Dock) -> None:
    await dock.send(b"a")
    stand, intake = dock.source(), RecordingIntake()
    intake.position = b'{"topic":"in","next":{"0":50,"1":0,"2":0}}'
    await read(stand, intake, 1)
    assert places(intake) == [0]
    assert gaps(stand) == [(0, 1, None)]


async def test_nothing_is_fetched_beyond_what_there_is_room_for(dock: Dock) -> None:
    await dock.send(*(b"%d" % number for number in range(20)))
    stand, intake = dock.source(max_pending=4), RecordingIntake()
    intake.gate.clear()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(4, offered=True)
    await asyncio.sleep(0.3)
    assert len(intake.offered) == 4
    intake.gate.set()
    await intake.wait_for(20)
    assert places(intake) == [*range(20)]


async def test_keys_headers_and_tombstones_are_handed_on(dock: Dock) -> None:
    await dock.send(b"{}", key=b"L4", headers=[("plant", b"7"), ("raw", b"\xff")])
    await dock.send(None, key=b"\xfe")
    intake = RecordingIntake()
    await read(dock.source(), intake, 2)
    first, second = (unit.meta for unit in intake.accepted)
    assert (first["key"], first["headers"], first["tombstone"]) == ("L4", {"plant": "7", "raw": "ff"}, False)
    assert (second["key"], second["tombstone"], intake.accepted[1].body) == ("fe", True, b"null")


async def test_a_topic_is_never_made(dock: Dock) -> None:
    for _ in range(2):
        with pytest.raises(Misconfigured, match="there is no topic 'absent'"):
            await dock.source(topic="absent").open()


async def test_the_next_host_is_tried(dock: Dock) -> None:
    dead = f"{LOOPBACK}:{free_port()}"
    hosts = [dead, f"{LOOPBACK}:{dock.cluster.port}"]
    await dock.source(dock.connection(hosts=hosts)).open()
    with pytest.raises(NotConnected, match="cannot be reached"):
        await dock.source(dock.connection(hosts=[dead])).open()
