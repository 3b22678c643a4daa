"""We are an edge node: a host application of npm's `sparkplug-payload` listens to what we publish."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.node_peers import NodePeer
from tests.conformance.stand import RecordingIntake, Stand, outgoing, until
from tests.integration.connectors.sparkplug.plant import NEEDS_PEERS, Plant, heard
from tundish.errors import Invalid, NotConnected, Throttled
from tundish.model import Outgoing, Value

pytestmark = [pytest.mark.anyio, *NEEDS_PEERS]


def message(record: dict[str, Value]) -> Outgoing:
    """A message whose values are these."""
    made = outgoing(1)
    return Outgoing(
        id=made.id,
        key=made.key,
        idempotency_key=made.idempotency_key,
        record=record,
        body=b"",
        content_type="application/json",
        scope={**made.scope, **record},
    )


async def deliver(stand: Stand, record: dict[str, Value]) -> None:
    """Deliver these values."""
    await stand.destination.deliver(message(record))


def kinds(oracle: NodePeer) -> list[str]:
    """Kind and sender of what was heard."""
    return [
        "/".join([topic[2], *topic[4:]])
        for topic in (each["topic"].split("/") for each in oracle.events("message"))
        if topic[3] == "ours"
    ]


def values(heard: dict[str, Any]) -> dict[str, Any]:
    """Values of a message under their names."""
    return {metric["name"]: metric["value"] for metric in heard["payload"]["metrics"]}


async def test_births_come_first_and_then_data(plant: Plant) -> None:
    oracle = await plant.oracle()
    destination = plant.destination()
    await destination.open()
    await deliver(destination, {"temperature": Decimal("21.5"), "count": 7, "other": "is not sent"})
    await deliver(destination, {"count": None})
    birth, first, second = await oracle.hear("message", 3)
    assert kinds(oracle) == ["NBIRTH", "NDATA", "NDATA"]
    assert [each["payload"]["seq"] for each in (birth, first, second)] == ["0", "1", "2"]
    assert [each["qos"] for each in (birth, first, second)] == [0, 0, 0]
    assert values(birth) == {"bdSeq": "0", "Node Control/Rebirth": False, "temperature": None, "count": None}
    assert values(first) == {"temperature": 21.5, "count": "7"}
    assert values(second) == {"count": None}
    assert {metric["type"] for metric in first["payload"]["metrics"]} == {"Double", "Int64"}


async def test_a_device_is_born_when_it_is_first_spoken_of(plant: Plant) -> None:
    oracle = await plant.oracle()
    destination = plant.destination(device="{{ line }}")
    await destination.open()
    await deliver(destination, {"line": "press", "count": 1})
    await deliver(destination, {"line": "oven", "count": 2})
    await deliver(destination, {"line": "press", "count": 3})
    heard = await oracle.hear("message", 6)
    assert kinds(oracle) == ["NBIRTH", "DBIRTH/press", "DDATA/press", "DBIRTH/oven", "DDATA/oven", "DDATA/press"]
    assert [int(each["payload"]["seq"]) for each in heard] == [0, 1, 2, 3, 4, 5]
    assert set(values(heard[0])) == {"bdSeq", "Node Control/Rebirth"}
    for bad in ("a/b", "a+", "#", ""):
        with pytest.raises(Invalid, match="the device"):
            await deliver(destination, {"line": bad, "count": 1})


async def test_a_host_that_asks_gets_the_births_with_the_present_values(plant: Plant) -> None:
    oracle = await plant.oracle()
    destination = plant.destination(device="{{ line }}")
    await destination.open()
    await deliver(destination, {"line": "press", "count": 41})
    await oracle.hear("message", 3)
    rebirth = {"name": "Node Control/Rebirth", "type": "Boolean", "value": True}
    await oracle.tell(topic="spBv1.0/plant/NCMD/ours", metrics=[rebirth])
    await oracle.hear_that(lambda: kinds(oracle)[-2:] == ["NBIRTH", "DBIRTH/press"])
    await deliver(destination, {"line": "press", "count": 42})
    heard = [each for each in await oracle.hear("message", 7) if each["topic"].split("/")[2] != "NCMD"]
    assert [int(each["payload"]["seq"]) for each in heard] == [0, 1, 2, 0, 1, 2]
    assert values(heard[4])["count"] == "41"
    assert {values(each)["bdSeq"] for each in heard if "NBIRTH" in each["topic"]} == {"0"}


async def test_each_connection_has_a_number_that_its_death_has_too(plant: Plant) -> None:
    oracle = await plant.oracle()
    destination = plant.destination()
    for _ in range(3):
        await destination.open()
        await destination.close()
    heard = await oracle.hear("message", 6)
    assert kinds(oracle) == ["NBIRTH", "NDEATH"] * 3
    assert [values(each)["bdSeq"] for each in heard] == ["0", "0", "1", "1", "2", "2"]
    assert "seq" not in heard[1]["payload"]

    # Without a farewell the broker says it, with the number of that connection.
    await destination.open()
    await oracle.hear("message", 7)
    plant.tap.cut()
    (*_, will) = await oracle.hear("message", 8)
    assert will["topic"] == "spBv1.0/plant/NDEATH/ours"
    assert values(will)["bdSeq"] == "3"


async def test_numbers_instead_of_names(plant: Plant) -> None:
    oracle = await plant.oracle()
    destination = plant.destination(device="{{ line }}", aliases=True)
    await destination.open()
    await deliver(destination, {"line": "press", "count": 1})
    await deliver(destination, {"line": "oven", "count": 2})
    heard = await oracle.hear("message", 5)
    told = {
        metric["alias"]: (each["topic"].split("/")[-1], metric["name"])
        for each in heard
        if "DBIRTH" in each["topic"]
        for metric in each["payload"]["metrics"]
    }
    assert len(told) == 4
    data = [each["payload"]["metrics"][0] for each in heard if "DDATA" in each["topic"]]
    assert [told[each["alias"]] for each in data] == [("press", "count"), ("oven", "count")]
    assert [each.get("name") for each in data] in ([None, None], ["", ""])


async def test_every_type_can_be_sent(plant: Plant) -> None:
    oracle = await plant.oracle()
    types = {
        "i8": "Int8", "i64": "Int64", "u64": "UInt64", "float": "Float", "boolean": "Boolean", "text": "Text",
        "id": "UUID", "at": "DateTime", "bytes": "Bytes", "recipe": "DataSet",
    }  # fmt: skip
    destination = plant.destination(metrics=types)
    await destination.open()
    await deliver(
        destination,
        {
            "i8": -128,
            "i64": -(2**63),
            "u64": 2**64 - 1,
            "float": Decimal("0.5"),
            "boolean": True,
            "text": "größer",
            "id": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "at": "2026-01-01T00:00:00.123Z",
            "bytes": "AP8=",
            "recipe": {"columns": ["s", "d"], "types": ["String", "Double"], "rows": [{"s": "heat", "d": 1}]},
        },
    )
    found = values((await oracle.hear("message"))[0])
    assert found.pop("recipe")["rows"] == [["heat", 1]]
    assert found == {
        "i8": -128,
        "i64": str(-(2**63)),
        "u64": str(2**64 - 1),
        "float": 0.5,
        "boolean": True,
        "text": "größer",
        "id": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "at": "1767225600123",
        "bytes": "AP8=",
    }


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"count": 2**63}, "outside"),
        ({"count": Decimal("1.5")}, "whole number"),
        ({"count": "7"}, "whole number"),
        ({"temperature": "warm"}, "no number"),
        ({"other": 1}, "none of the metrics"),
    ],
)
async def test_what_does_not_fit_is_invalid_and_uses_no_number(
    plant: Plant, record: dict[str, Value], says: str
) -> None:
    oracle = await plant.oracle()
    destination = plant.destination()
    await destination.open()
    with pytest.raises(Invalid, match=says):
        await deliver(destination, record)
    with pytest.raises(Invalid, match=says):
        destination.destination.preview(message(record))
    await deliver(destination, {"count": 1})
    assert [int(each["payload"]["seq"]) for each in await oracle.hear("message", 2)] == [0, 1]


async def test_what_is_older_than_the_birth_is_of_the_past(plant: Plant) -> None:
    oracle = await plant.oracle()
    destination = plant.destination(timestamp="{{ at }}")
    await destination.open()
    await deliver(destination, {"count": 1, "at": "2026-01-01T00:00:00+01:00"})
    await deliver(destination, {"count": 2, "at": "2099-01-01T00:00:00Z"})
    _, past, present = await oracle.hear("message", 3)
    assert past["payload"]["metrics"][0]["timestamp"] == "1767222000000"
    assert past["payload"]["metrics"][0]["isHistorical"] is True
    assert not present["payload"]["metrics"][0].get("isHistorical")
    with pytest.raises(Invalid, match="no time"):
        await deliver(destination, {"count": 3, "at": "yesterday"})


async def test_without_its_primary_host_everything_waits(plant: Plant) -> None:
    oracle = await plant.oracle()
    state = "spBv1.0/STATE/scada"

    async def say(timestamp: int, *, online: bool) -> None:
        text = json.dumps({"online": online, "timestamp": timestamp})
        await oracle.tell(topic=state, text=text, qos=1, retain=True)

    destination = plant.destination(primary_host="scada")
    await destination.open()
    with pytest.raises(Throttled, match="'scada' is offline"):
        await deliver(destination, {"count": 1})
    await asyncio.sleep(0.2)
    assert kinds(oracle) == []

    await say(1000, online=True)
    await oracle.hear_that(lambda: kinds(oracle) == ["NBIRTH"])
    await deliver(destination, {"count": 1})
    # The will of an earlier connection of the host means nothing.
    await say(999, online=False)
    await asyncio.sleep(0.2)
    await deliver(destination, {"count": 2})
    await say(1000, online=False)
    await oracle.hear_that(lambda: kinds(oracle) == ["NBIRTH", "NDATA", "NDATA", "NDEATH"])
    async with asyncio.timeout(5):
        assert isinstance(await destination.lost, NotConnected)
    await destination.close()

    await destination.open_when_possible()
    with pytest.raises(Throttled):
        await deliver(destination, {"count": 3})
    await say(2000, online=True)
    await oracle.hear_that(lambda: kinds(oracle)[4:] == ["NBIRTH"])
    await deliver(destination, {"count": 3})
    await oracle.hear_that(lambda: kinds(oracle)[5:] == ["NDATA"])
    assert [values(each)["count"] for each in oracle.events("message") if "NDATA" in each["topic"]] == ["1", "2", "3"]


async def test_many_at_the_same_time_keep_their_numbers(plant: Plant) -> None:
    oracle = await plant.oracle()
    destination = plant.destination()
    await destination.open()
    async with asyncio.TaskGroup() as group:
        for number in range(600):
            group.create_task(deliver(destination, {"count": number}))
    heard = await oracle.hear("message", 601)
    assert [int(each["payload"]["seq"]) for each in heard] == [number % 256 for number in range(601)]
    assert [int(values(each)["count"]) for each in heard[1:]] == list(range(600))


async def test_our_own_host_hears_our_own_edge_node(plant: Plant) -> None:
    source, intake = plant.source(), RecordingIntake()
    await source.open()
    source.run(intake)
    destination = plant.destination(primary_host="tundish", aliases=True, device="press")
    await destination.open()
    await until(lambda: bool(intake.accepted))
    await deliver(destination, {"temperature": Decimal("20.125"), "count": -1})
    (data,) = await heard(intake, "DDATA")
    assert data["values"] == {"temperature": 20.125, "count": -1}
