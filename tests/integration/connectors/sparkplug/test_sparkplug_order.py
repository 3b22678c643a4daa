"""Messages that are lost, late or of an earlier life: gaps are told, and births are asked for."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.connectors.sparkplug.plant import (
    NEEDS_PEERS,
    STATE,
    TEMPERATURE,
    Plant,
    heard,
    kinds,
    records,
)
from tundish_connectors.sparkplug.payload.datatypes import DataType
from tundish_connectors.sparkplug.payload.encoding import encode
from tundish_connectors.sparkplug.payload.metrics import Message, Metric

pytestmark = [pytest.mark.anyio, *NEEDS_PEERS]


async def test_an_alias_that_no_birth_gave_is_a_gap_and_births_are_asked_for(plant: Plant) -> None:
    _, intake = await plant.listener()
    edge = await plant.edge(press=[TEMPERATURE])
    await edge.tell(op="ddata", device="press", metrics=[{"alias": 77, "type": "Double", "value": 1}, TEMPERATURE])
    (gap,) = await heard(intake, "GAP")
    assert "the alias 77" in gap["reason"]
    assert (await heard(intake, "DDATA"))[0]["values"] == {"temperature": 20.5}
    await edge.hear("ncmd")
    await heard(intake, "DBIRTH", 2)


async def test_a_lost_message_is_a_gap_and_births_are_asked_for(plant: Plant) -> None:
    source, intake = await plant.listener()
    edge = await plant.edge(press=[TEMPERATURE])
    await edge.tell(op="ddata", device="press", metrics=[TEMPERATURE])
    await edge.tell(op="lose")
    await edge.tell(op="ddata", device="press", metrics=[{**TEMPERATURE, "value": 30}])
    (gap,) = await heard(intake, "GAP")
    assert (gap["expected"], gap["received"], gap["edge_node"]) == (3, 4, "press-shop")
    assert gap["since"] <= gap["until"]
    assert any(event == "source.gap" for _, event, _ in source.connection.context.log.events)  # type: ignore[attr-defined] # recorded
    # What came behind the gap is not lost with it, and the births follow.
    assert (await heard(intake, "DDATA", 2))[1]["values"] == {"temperature": 30}
    await edge.hear("ncmd")
    await heard(intake, "NBIRTH", 2)
    await edge.tell(op="ddata", device="press", metrics=[TEMPERATURE])
    await heard(intake, "DDATA", 3)
    assert kinds(intake).count("GAP") == 1


async def test_the_numbers_start_again_after_255(plant: Plant) -> None:
    _, intake = await plant.listener(kinds=["NDATA", "GAP"])
    edge = await plant.edge(node=[STATE])
    for _ in range(300):
        await edge.tell(op="ndata", metrics=[STATE])
    found = await heard(intake, "NDATA", 300)
    assert [each["seq"] for each in found] == [number % 256 for number in range(1, 301)]
    assert "GAP" not in kinds(intake)


async def test_messages_that_overtake_each_other_are_put_in_order(plant: Plant) -> None:
    _, intake = await plant.listener(plant.connection(late="5s"), kinds=["NDATA", "GAP"])
    machine = await plant.machine()

    async def publish(kind: str, seq: int) -> None:
        metrics = (Metric("n", DataType.Int32, seq), Metric("bdSeq", DataType.Int64, 0))
        await machine.publish(f"spBv1.0/plant/{kind}/mixer", encode(Message(metrics, 1, seq)), qos=0)

    await publish("NBIRTH", 0)
    for seq in (3, 1, 2, 5, 4):
        await publish("NDATA", seq)
    found = await heard(intake, "NDATA", 5)
    assert [each["seq"] for each in found] == [1, 2, 3, 4, 5]
    assert "GAP" not in kinds(intake)


async def test_the_will_of_an_earlier_connection_kills_nobody(plant: Plant) -> None:
    _, intake = await plant.listener()
    machine = await plant.machine()

    async def publish(kind: str, bd_seq: int, seq: int | None = None) -> None:
        body = encode(Message((Metric("bdSeq", DataType.Int64, bd_seq),), 1, seq))
        await machine.publish(f"spBv1.0/plant/{kind}/mixer", body)

    await publish("NBIRTH", 7, 0)
    await publish("NDEATH", 6)
    await publish("NDATA", 7, 1)
    await publish("NDEATH", 7)
    await heard(intake, "NDEATH")
    assert kinds(intake) == ["NBIRTH", "NDATA", "NDEATH"]


async def test_births_are_not_asked_for_too_often(plant: Plant) -> None:
    commands = await plant.machine("spBv1.0/plant/NCMD/#")
    _, intake = await plant.listener(plant.connection(rebirth_every="60s"))
    machine = await plant.machine()
    body = encode(Message((Metric("n", DataType.Int32, 1),), 1, 17))
    for _ in range(20):
        await machine.publish("spBv1.0/plant/NDATA/mixer", body)
    await heard(intake, "NDATA", 20)
    await asyncio.sleep(0.6)
    assert [message.topic for message in commands.received] == ["spBv1.0/plant/NCMD/mixer"]
    assert kinds(intake).count("GAP") == 1
    assert records(intake)[0]["reason"] == "no birth of it was seen"
