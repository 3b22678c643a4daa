"""The host application says whether it is online: edge nodes keep their data while it is not."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.conformance.stand import RecordingIntake, until
from tests.integration.connectors.sparkplug.plant import (
    NEEDS_PEERS,
    STATE,
    Plant,
    heard,
    kinds,
    listening,
    records,
    states,
)
from tundish.errors import NotConnected
from tundish_connectors.sparkplug.payload.datatypes import DataType
from tundish_connectors.sparkplug.payload.encoding import encode
from tundish_connectors.sparkplug.payload.metrics import Message, Metric

pytestmark = [pytest.mark.anyio, *NEEDS_PEERS]

TOPIC = "spBv1.0/STATE/tundish"


async def test_it_is_online_while_a_route_listens(plant: Plant) -> None:
    watcher = await plant.machine(TOPIC)
    source, intake = plant.source(), RecordingIntake()
    await source.open()
    await asyncio.sleep(0.1)
    assert states(watcher) == []
    source.run(intake)
    await until(lambda: [state.online for state in states(watcher)] == [True])
    await source.close()
    await until(lambda: [state.online for state in states(watcher)] == [True, False])
    first, last = states(watcher)
    assert first.timestamp == last.timestamp
    later = await plant.machine(TOPIC)
    await until(lambda: [message.retain for message in later.received] == [True])
    assert json.loads(later.received[0].payload) == {"online": False, "timestamp": first.timestamp}


async def test_without_a_farewell_the_broker_says_that_it_is_offline(plant: Plant) -> None:
    watcher = await plant.machine(TOPIC)
    source, intake = plant.source(), RecordingIntake()
    await source.open()
    source.run(intake)
    await until(lambda: [state.online for state in states(watcher)] == [True])
    plant.tap.cut()
    await until(lambda: [state.online for state in states(watcher)] == [True, False])
    async with asyncio.timeout(5):
        assert isinstance(await source.lost, NotConnected)
    await source.close()
    await source.open_when_possible()
    source.run(intake)
    await until(lambda: states(watcher)[-1].online)
    assert states(watcher)[-1].timestamp > states(watcher)[0].timestamp


async def test_it_is_offline_while_the_journal_takes_nothing(plant: Plant) -> None:
    watcher = await plant.machine(TOPIC)
    # Each refusal asks to wait for 50 ms.
    source, intake = plant.source(kinds=["NBIRTH", "NDATA"]), RecordingIntake(refusals=20)
    await source.open()
    source.run(intake)
    await until(lambda: [state.online for state in states(watcher)] == [True])
    edge = await plant.edge(node=[STATE])
    await until(lambda: [state.online for state in states(watcher)] == [True, False])
    assert intake.accepted == []
    await until(lambda: [state.online for state in states(watcher)] == [True, False, True])
    await edge.tell(op="ndata", metrics=[STATE])
    await heard(intake, "NDATA")
    assert kinds(intake) == ["NBIRTH", "NDATA"]


async def test_a_will_that_comes_late_is_contradicted(plant: Plant) -> None:
    watcher = await plant.machine(TOPIC)
    source, intake = plant.source(), RecordingIntake()
    await source.open()
    source.run(intake)
    await until(lambda: [state.online for state in states(watcher)] == [True])
    late = json.dumps({"online": False, "timestamp": states(watcher)[0].timestamp - 60_000}).encode()
    await watcher.publish(TOPIC, late, retain=True)
    await until(lambda: [state.online for state in states(watcher)] == [True, False, True])


async def test_another_host_of_the_same_name_is_told(plant: Plant) -> None:
    other = await plant.machine()
    await other.publish(TOPIC, b'{"online": true, "timestamp": 1}', retain=True)
    source = plant.source()
    await source.open()
    await until(lambda: bool(source.connection._others))  # type: ignore[attr-defined] # the broker's word comes at once
    assert "another host application is online as 'tundish'" in str((await source.connection.check())[0])


async def test_what_was_said_while_it_was_away_is_a_gap(plant: Plant) -> None:
    source, intake = await plant.listener()
    edge = await plant.edge(node=[STATE])
    await heard(intake, "NBIRTH")
    await source.close()
    await edge.tell(op="ndata", metrics=[STATE])
    await asyncio.sleep(0.2)

    # The same object, as after a lost connection.
    again = RecordingIntake()
    await source.open()
    source.run(again)
    (gap,) = await heard(again, "GAP")
    assert gap["reason"] == "the host application was away"
    assert gap["edge_node"] == "press-shop"
    assert gap["since"] < gap["until"]
    await edge.hear("ncmd")
    await heard(again, "NBIRTH")
    await edge.tell(op="ndata", metrics=[STATE])
    await heard(again, "NDATA")
    assert kinds(again) == ["GAP", "NBIRTH", "NDATA"]
    await source.close()

    # A new object with the same folder, as after a restart of the daemon.
    restarted, third = plant.source(), RecordingIntake()
    await restarted.open()
    restarted.run(third)
    await heard(third, "NBIRTH")
    assert kinds(third) == ["GAP", "NBIRTH"]


async def test_a_broker_that_is_restarted_ten_times(plant: Plant) -> None:
    source, intake = plant.source(), RecordingIntake()
    await source.open()
    source.run(intake)
    machine = await plant.machine()
    for number in range(10):
        await until(machine.is_connected)
        await listening(source)
        birth = encode(Message((Metric("n", DataType.Int32, number), Metric("bdSeq", DataType.Int64, number)), 1, 0))
        await machine.publish("spBv1.0/plant/NBIRTH/mixer", birth)
        await heard(intake, "NBIRTH", number + 1)
        await plant.broker.stop()
        async with asyncio.timeout(10):
            assert isinstance(await source.lost, NotConnected)
        await source.close()
        await plant.broker.start()
        await source.open_when_possible()
        source.run(intake)
        await heard(intake, "GAP", number + 1)
    assert kinds(intake) == ["NBIRTH", "GAP"] * 10
    assert {record["reason"] for record in records(intake)[1::2]} == {"the host application was away"}
