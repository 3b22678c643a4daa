"""Topic levels as data, retained messages, requests and answers, and what goes beside a payload."""

from __future__ import annotations

import asyncio

import pytest
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes

from tests.conformance.machine import Machine
from tests.conformance.stand import RecordingIntake, outgoing, until
from tests.integration.connectors.mqtt.floor import NEEDS_MOSQUITTO, Floor
from tundish.errors import Invalid, Misconfigured
from tundish_connectors._mqtt.properties import properties_of

pytestmark = [pytest.mark.anyio, NEEDS_MOSQUITTO]


async def test_named_levels_are_data(floor: Floor) -> None:
    source, intake = floor.source(topic="plant/+line/+cell/completions/#rest"), RecordingIntake()
    await source.open()
    source.run(intake)
    await floor.machine.publish("plant/line1/welding/completions/shift/early", b"1")
    await floor.machine.publish("plant/line2/paint/completions", b"2")
    units = await intake.wait_for(2)
    assert [unit.meta["levels"] for unit in units] == [
        {"line": "line1", "cell": "welding", "rest": "shift/early"},
        {"line": "line2", "cell": "paint", "rest": ""},
    ]
    assert units[0].meta["topic"] == "plant/line1/welding/completions/shift/early"


async def test_giving_a_level_a_name_is_no_other_subscription(floor: Floor) -> None:
    before = floor.source(topic="in/+")
    await before.open()
    await before.close()
    await floor.machine.publish("in/a", b"while away")
    after, intake = floor.source(topic="in/+machine"), RecordingIntake()
    await after.open()
    assert not await after.component.check()
    after.run(intake)
    assert [unit.body for unit in await intake.wait_for(1)] == [b"while away"]


@pytest.mark.parametrize(
    ("retained", "protocol", "bodies"),
    [
        ("new", "5", [b"state"]),
        ("ignore", "5", []),
        ("take", "5", [b"state", b"state"]),
        ("new", "3.1.1", [b"state"]),
        ("ignore", "3.1.1", []),
        ("take", "3.1.1", [b"state", b"state"]),
    ],
)
async def test_retained_messages(floor: Floor, retained: str, protocol: str, bodies: list[bytes]) -> None:
    await floor.machine.publish("in/a", b"state", retain=True)
    source, intake = floor.source(floor.connection(protocol=protocol), retained=retained), RecordingIntake()
    for _ in range(2):
        await source.open()
        source.run(intake)
        await asyncio.sleep(0.2)
        await source.close()
    assert [unit.body for unit in intake.accepted] == bodies
    assert all(unit.meta["retain"] for unit in intake.accepted)
    # What comes while we listen is never held back.
    await source.open()
    source.run(intake)
    await floor.machine.publish("in/b", b"live")
    await until(lambda: intake.accepted[-1:] != [] and intake.accepted[-1].body == b"live")


async def test_an_answer_goes_where_the_request_wants_it(floor: Floor) -> None:
    asking = Machine(floor.broker.port, "asking", version=MQTTProtocolVersion.MQTTv5)
    await asking.connect("answers/asking")
    source, intake = floor.source(), RecordingIntake()
    await source.open()
    source.run(intake)
    properties = properties_of(PacketTypes.PUBLISH)
    properties.ResponseTopic = "answers/asking"
    properties.CorrelationData = b"\x00\xff request 7"
    properties.MessageExpiryInterval = 60
    await asking.publish("in/a", b"?", properties=properties)
    (unit,) = await intake.wait_for(1)
    assert isinstance(unit.meta["properties"], dict)
    assert unit.meta["properties"]["expiry"] == 60

    answering = floor.destination(
        topic="{{ meta.properties.response_topic }}",
        correlation="{{ meta.properties.correlation }}",
        response_topic="asked/again",
        expiry="90s",
        user={"line": "{{ line }}"},
    )
    message = outgoing(1, b"!", meta=dict(unit.meta), line="7")
    assert answering.destination.preview(message) == {
        "topic": "answers/asking",
        "qos": 1,
        "retain": False,
        "response_topic": "asked/again",
        "correlation": b"\x00\xff request 7".hex(),
        "user": {"line": "7"},
    }
    await answering.open()
    await answering.destination.deliver(message)
    await until(lambda: bool(asking.received))
    (answer,) = asking.received
    await asking.disconnect()
    assert answer.payload == b"!"
    assert getattr(answer.properties, "CorrelationData", None) == b"\x00\xff request 7"
    assert getattr(answer.properties, "ResponseTopic", None) == "asked/again"
    assert getattr(answer.properties, "ContentType", None) == "application/json"
    assert 80 < getattr(answer.properties, "MessageExpiryInterval", 0) <= 90
    assert getattr(answer.properties, "UserProperty", None) == [("Idempotency-Key", "key-00001"), ("line", "7")]


@pytest.mark.parametrize(
    ("setting", "value"),
    [("correlation", "not hexadecimal"), ("correlation", "00" * 65536), ("response_topic", "answers/+")],
)
async def test_what_cannot_go_beside_a_payload_is_invalid(floor: Floor, setting: str, value: str) -> None:
    destination = floor.destination(**{setting: "{{ what }}"}).destination  # type: ignore[arg-type] # one of several
    with pytest.raises(Invalid):
        destination.preview(outgoing(1, topic="out/a", what=value))


async def test_what_the_older_protocol_cannot_carry_is_said_at_once(floor: Floor) -> None:
    destination = floor.destination(floor.connection(protocol="3.1.1"), expiry="90s", user={"a": "b"})
    with pytest.raises(Misconfigured, match=r"3\.1\.1 cannot carry 'expiry' and 'user'"):
        await destination.open()


async def test_a_name_that_comes_twice_has_both_values(floor: Floor) -> None:
    source, intake = floor.source(), RecordingIntake()
    await source.open()
    source.run(intake)
    properties = properties_of(PacketTypes.PUBLISH)
    properties.UserProperty = [("tag", "a"), ("line", "1"), ("tag", "b")]
    await floor.machine.publish("in/a", b"x", properties=properties)
    (unit,) = await intake.wait_for(1)
    assert unit.meta["properties"] == {"user": {"tag": ["a", "b"], "line": "1"}}
