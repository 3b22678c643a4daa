"""We are a host application: edge nodes of npm's `sparkplug-client` publish, and we listen."""

from __future__ import annotations

import pytest

from tests.conformance.stand import RecordingIntake, until
from tests.integration.connectors.sparkplug.plant import (
    NEEDS_PEERS,
    STATE,
    TEMPERATURE,
    Plant,
    heard,
    kinds,
    listening,
    records,
)
from tundish.errors import Misconfigured

pytestmark = [pytest.mark.anyio, *NEEDS_PEERS]


async def test_births_and_data_come_under_their_names(plant: Plant) -> None:
    _, intake = await plant.listener()
    edge = await plant.edge(node=[STATE], press=[TEMPERATURE])
    await edge.tell(op="ddata", device="press", metrics=[{**TEMPERATURE, "value": 21.25}])
    await edge.tell(op="ndata", metrics=[{**STATE, "value": "running"}])
    (ndata,) = await heard(intake, "NDATA")
    assert kinds(intake) == ["NBIRTH", "DBIRTH", "DDATA", "NDATA"]
    _, dbirth, ddata, _ = records(intake)
    assert (dbirth["group"], dbirth["edge_node"], dbirth["device"]) == ("plant", "press-shop", "press")
    assert [each["seq"] for each in records(intake)] == [0, 1, 2, 3]
    assert ddata["values"] == {"temperature": 21.25}
    assert ddata["metrics"][0]["type"] == "Double"
    assert ddata["metrics"][0]["historical"] is False
    assert ndata["values"] == {"state": "running"}
    assert ndata["device"] is None
    assert intake.accepted[2].meta == {
        "kind": "DDATA",
        "group": "plant",
        "edge_node": "press-shop",
        "device": "press",
        "topic": "spBv1.0/plant/DDATA/press-shop/press",
    }


async def test_aliases_mean_what_their_birth_said(plant: Plant) -> None:
    _, intake = await plant.listener(kinds=["DDATA", "GAP"])
    edge = await plant.edge(press=[{**TEMPERATURE, "alias": 0}], oven=[{**TEMPERATURE, "alias": 1}])
    await edge.tell(op="ddata", device="oven", metrics=[{"alias": 1, "type": "Double", "value": 180}])
    await edge.tell(op="ddata", device="press", metrics=[{"alias": 0, "type": "Double", "value": 22}])
    found = await heard(intake, "DDATA", 2)
    assert [(each["device"], each["values"]) for each in found] == [
        ("oven", {"temperature": 180.0}),
        ("press", {"temperature": 22.0}),
    ]


VALUES: list[tuple[str, object, object]] = [
    ("Int8", -128, -128),
    ("Int32", -(2**31), -(2**31)),
    ("Int64", 2**53 - 1, 2**53 - 1),
    ("UInt32", 2**32 - 1, 2**32 - 1),
    ("Float", 0.1, 0.1),
    ("Double", 0.1, 0.1),
    ("Boolean", True, True),
    ("Text", "größer", "größer"),
    ("DateTime", 1767225600123, "2026-01-01T00:00:00.123Z"),
]
"""A type, what is said, and what is handed over."""
DATASET = {
    "numOfColumns": 2,
    "types": ["String", "Double"],
    "columns": ["step", "seconds"],
    "rows": [["heat", 1.5], ["cool", 30.25]],
}
TEMPLATE = {
    "isDefinition": False,
    "templateRef": "axis",
    "version": "1.0",
    "metrics": [{"name": "torque", "type": "Int32", "value": -3}],
    "parameters": [{"name": "unit", "type": "String", "value": "Nm"}],
}


async def test_every_type_is_exact(plant: Plant) -> None:
    _, intake = await plant.listener(kinds=["DBIRTH"])
    said = [{"name": kind, "type": kind, "value": value} for kind, value, _ in VALUES]
    bytes_ = {"name": "Bytes", "type": "Bytes", "base64": "AP8="}
    await plant.edge(press=[*said, bytes_, {"name": "nothing", "type": "Int32", "value": None}])
    (birth,) = await heard(intake, "DBIRTH")
    assert not [each for each in birth["metrics"] if "fault" in each]
    expected = {kind: value for kind, _, value in VALUES}
    assert birth["values"] == {**expected, "Bytes": "AP8=", "nothing": None}
    body = intake.accepted[0].body
    assert isinstance(body, bytes)
    assert b'"Float":0.1,' in body


async def test_what_is_made_of_parts_keeps_them(plant: Plant) -> None:
    _, intake = await plant.listener(kinds=["DBIRTH"])
    recipe = {"name": "recipe", "type": "DataSet", "value": DATASET}
    axis = {"name": "axis", "type": "Template", "value": TEMPLATE}
    quality = {"Quality": {"type": "Int32", "value": 192}}
    await plant.edge(press=[recipe, axis, {**TEMPERATURE, "properties": quality}])
    (birth,) = await heard(intake, "DBIRTH")
    assert not [each for each in birth["metrics"] if "fault" in each]
    found = birth["values"]["axis"]
    assert birth["values"]["recipe"] == {
        "columns": ["step", "seconds"],
        "types": ["String", "Double"],
        "rows": [{"step": "heat", "seconds": 1.5}, {"step": "cool", "seconds": 30.25}],
    }
    assert (found["template"], found["version"], found["is_definition"]) == ("axis", "1.0", False)
    assert found["parameters"] == {"unit": "Nm"}
    assert [(each["name"], each["value"]) for each in found["metrics"]] == [("torque", -3)]
    (temperature,) = [each for each in birth["metrics"] if each["name"] == "temperature"]
    assert temperature["properties"] == {"Quality": 192}


@pytest.mark.parametrize("algorithm", ["DEFLATE", "GZIP"])
async def test_compressed_payloads(plant: Plant, algorithm: str) -> None:
    _, intake = await plant.listener(kinds=["NDATA"])
    edge = await plant.edge(node=[STATE])
    options = {"compress": True, "algorithm": algorithm}
    # The number is inside, where that library puts it.
    await edge.tell(op="ndata", metrics=[{**STATE, "value": "x" * 1000}], options=options)
    (found,) = await heard(intake, "NDATA")
    assert found["values"] == {"state": "x" * 1000}


async def test_the_past_is_told_apart_from_the_present(plant: Plant) -> None:
    _, intake = await plant.listener()
    edge = await plant.edge(press=[TEMPERATURE])
    past = {**TEMPERATURE, "value": 19, "isHistorical": True, "timestamp": 1767225600000}
    await edge.tell(op="ddata", device="press", metrics=[past])
    (data,) = await heard(intake, "DDATA")
    assert data["values"] == {}
    assert data["metrics"][0]["historical"] is True
    assert data["metrics"][0]["timestamp"] == "2026-01-01T00:00:00.000Z"
    await edge.tell(op="ddeath", device="press")
    (death,) = await heard(intake, "DDEATH")
    assert [(each["value"], each["stale"]) for each in death["metrics"]] == [(20.5, True)]
    assert death["values"] == {}


async def test_with_an_edge_node_its_devices_die(plant: Plant) -> None:
    _, intake = await plant.listener(kinds=["NDEATH", "DDEATH"])
    edge = await plant.edge(node=[STATE], press=[TEMPERATURE], oven=[{**TEMPERATURE, "value": 180}])
    # Without a farewell: the broker publishes its will.
    await edge.tell(op="die")
    await heard(intake, "DDEATH", 2)
    node, oven, press = records(intake)
    assert node["kind"] == "NDEATH"
    assert {each["name"]: each["stale"] for each in node["metrics"]}["state"] is True
    assert (oven["device"], oven["because"], press["device"]) == ("oven", "NDEATH", "press")
    assert [(each["name"], each["value"], each["stale"]) for each in oven["metrics"]] == [("temperature", 180, True)]


async def test_what_is_no_payload_is_kept_as_it_is(plant: Plant) -> None:
    _, intake = await plant.listener()
    machine = await plant.machine()
    await machine.publish("spBv1.0/plant/NDATA/mixer", b"\xff garbage")
    await machine.publish("spBv1.0/plant/somewhere/else", b"no message of an edge node")
    (unit,) = await intake.wait_for(1)
    assert unit.body == b"\xff garbage"
    assert unit.meta["kind"] == "NDATA"


async def test_routes_hear_what_they_ask_for(plant: Plant) -> None:
    connection = plant.connection()
    press, nodes = (
        plant.source(connection, "press", device="press"),
        plant.source(connection, "nodes", kinds=["NBIRTH"]),
    )
    first, second = RecordingIntake(), RecordingIntake()
    # Two stands have a connection each; in a daemon the routes share one.
    await press.open()
    press.run(first)
    await listening(press)
    other = await plant.machine()
    await plant.edge("shop", node=[STATE], press=[TEMPERATURE], oven=[TEMPERATURE])
    await heard(first, "DBIRTH")
    assert {record["device"] for record in records(first)} == {"press"}
    await press.close()
    await nodes.open()
    nodes.run(second)
    await listening(nodes)
    await plant.edge("hall", node=[STATE], press=[TEMPERATURE])
    await until(lambda: bool(second.accepted))
    assert set(kinds(second)) == {"NBIRTH"}
    assert other.is_connected()


async def test_a_route_needs_a_host_application(plant: Plant) -> None:
    with pytest.raises(Misconfigured, match="host_id"):
        await plant.source(plant.connection(host_id="")).open()
