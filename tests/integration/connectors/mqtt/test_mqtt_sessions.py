"""What happens to messages when brokers, lines and credentials fail. The peer is mosquitto, which speaks MQTT 5."""

from __future__ import annotations

import asyncio
import json
import shutil

import pytest
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes

from tests.conformance.machine import Machine
from tests.conformance.stand import RecordingIntake, outgoing, until
from tests.conformance.tap import PUBACK, PUBLISH
from tests.integration.connectors.mqtt.floor import NEEDS_MOSQUITTO, Floor
from tundish.errors import Invalid, NotConnected, Transient
from tundish_connectors._mqtt.greeting import Greeting
from tundish_connectors._mqtt.properties import properties_of
from tundish_connectors.mqtt.connection import MqttConnection

pytestmark = [pytest.mark.anyio, NEEDS_MOSQUITTO]


async def test_the_broker_keeps_what_comes_while_we_are_away(floor: Floor) -> None:
    source, intake = floor.source(), RecordingIntake()
    await source.open()
    assert not await source.component.check()
    await source.close()
    for number in range(50):
        await floor.machine.publish("in/a", b"%d" % number)
    await source.open()
    source.run(intake)
    units = await intake.wait_for(50)
    assert [unit.body for unit in units] == [b"%d" % number for number in range(50)]
    assert not await source.component.check()


async def test_the_receive_maximum_is_the_back_pressure(floor: Floor) -> None:
    source, intake = floor.source(receive_maximum=4), RecordingIntake()
    intake.gate.clear()
    await source.open()
    source.run(intake)
    for number in range(20):
        await floor.machine.publish("in/a", b"%d" % number)
    await intake.wait_for(4, offered=True)
    await asyncio.sleep(0.3)
    assert floor.tap.broker[PUBLISH] == 4
    intake.gate.set()
    units = await intake.wait_for(20)
    assert [unit.body for unit in units] == [b"%d" % number for number in range(20)]
    await until(lambda: floor.tap.client[PUBACK] == 20)


async def test_many_wait_for_the_journal_together(floor: Floor) -> None:
    source, intake = floor.source(), RecordingIntake()
    intake.gate.clear()
    await source.open()
    source.run(intake)
    for number in range(15):
        await floor.machine.publish("in/a", b"%d" % number)
    await intake.wait_for(15, offered=True)
    assert floor.tap.client[PUBACK] == 0
    intake.gate.set()
    await until(lambda: floor.tap.client[PUBACK] == 15)


async def test_messages_of_qos_0_cannot_flood_us(floor: Floor) -> None:
    source, intake = floor.source(qos=0, receive_maximum=10), RecordingIntake()
    intake.gate.clear()
    await source.open()
    source.run(intake)
    for number in range(300):
        await floor.machine.publish("in/a", b"%d" % number, qos=0)
    await asyncio.sleep(0.2)
    assert len(intake.offered) <= 10
    intake.gate.set()
    await intake.wait_for(300)
    assert floor.tap.client[PUBACK] == 0


async def test_a_broker_that_forgot_us_leaves_a_gap_on_record(floor: Floor) -> None:
    source, intake = floor.source(), RecordingIntake()
    await source.open()
    assert not await source.component.check()
    source.run(intake)
    await floor.broker.stop()
    assert isinstance(await source.lost, NotConnected)
    await source.close()
    shutil.rmtree(floor.folder / "mosquitto")
    (floor.folder / "mosquitto").mkdir()
    await floor.broker.start()

    await source.open()
    (fault,) = await source.component.check()
    assert "may be missing" in fault.text
    assert any(event == "source.gap" for _, event, _ in source.log.events)
    kept = (source.held.context.data / "gaps.jsonl").read_text().splitlines()
    assert json.loads(kept[0])["topic"] == "in/+"
    # It is subscribed again, so whatever comes from now on is received.
    source.run(intake)
    await until(floor.machine.is_connected)
    await floor.machine.publish("in/a", b"after")
    assert (await intake.wait_for(1))[0].body == b"after"


async def test_a_broker_that_does_not_greet_is_not_connected(floor: Floor) -> None:
    floor.tap.freeze()
    source = floor.source(floor.connection(connect_timeout="300ms"))
    with pytest.raises(NotConnected, match="does not answer"):
        await source.open()


async def test_an_acknowledgement_of_an_old_session_goes_nowhere(floor: Floor) -> None:
    source = floor.source()
    await source.connection.open()
    assert isinstance(source.connection, MqttConnection)
    session = source.connection.session("old/from")
    seen: list[object] = []
    session.on_message = seen.append
    await session.connect(Greeting(keep=True, expiry=60, receive_maximum=10))
    await session.subscribe("in/+", 1)
    await floor.machine.publish("in/a", b"1")
    await until(lambda: bool(seen))
    session.close()
    session.acknowledge(seen[0])  # type: ignore[arg-type] # it is an MQTTMessage
    assert session.is_over
    assert floor.tap.client[PUBACK] == 0


async def test_a_fault_in_a_callback_ends_the_session_visibly(floor: Floor) -> None:
    source = floor.source()
    await source.connection.open()
    assert isinstance(source.connection, MqttConnection)
    session = source.connection.session("faulty/from")

    def fail(message: object) -> None:
        raise ZeroDivisionError

    session.on_message = fail
    await session.connect(Greeting(keep=True, expiry=60, receive_maximum=10))
    await session.subscribe("in/+", 1)
    await floor.machine.publish("in/a", b"1")
    async with asyncio.timeout(5):
        with pytest.raises(NotConnected, match="ZeroDivisionError"):
            await session.over()
    session.close()


async def test_of_two_clients_with_one_name_the_first_is_lost(floor: Floor) -> None:
    first, second = floor.source(route="same"), floor.source(route="same")
    await first.open()
    first.run(RecordingIntake())
    await second.open()
    async with asyncio.timeout(5):
        assert isinstance(await first.lost, NotConnected)


async def test_another_topic_replaces_the_old_subscription(floor: Floor) -> None:
    before = floor.source()
    await before.open()
    await before.close()
    after, intake = floor.source(topic="other/+"), RecordingIntake()
    await after.open()
    after.run(intake)
    await floor.machine.publish("in/a", b"old")
    await floor.machine.publish("other/a", b"new")
    await intake.wait_for(1)
    await asyncio.sleep(0.2)
    assert [unit.body for unit in intake.accepted] == [b"new"]


async def test_what_came_beside_the_payload(floor: Floor) -> None:
    source, intake = floor.source(), RecordingIntake()
    await source.open()
    source.run(intake)
    properties = properties_of(PacketTypes.PUBLISH)
    properties.ContentType = "application/json"
    properties.ResponseTopic = "answers/1"
    properties.CorrelationData = b"\x01\xff"
    properties.UserProperty = [("shift", "früh"), ("line", "1")]
    await floor.machine.publish("in/a", b"x", properties=properties)
    (unit,) = await intake.wait_for(1)
    assert unit.meta == {
        "topic": "in/a",
        "levels": {},
        "qos": 1,
        "retain": False,
        "properties": {
            "content_type": "application/json",
            "response_topic": "answers/1",
            "correlation": "01ff",
            "user": {"shift": "früh", "line": "1"},
        },
    }


async def test_retained_messages_come_once(floor: Floor) -> None:
    await floor.machine.publish("in/a", b"state", retain=True)
    source, intake = floor.source(), RecordingIntake()
    for _ in range(2):
        await source.open()
        source.run(intake)
        await intake.wait_for(1)
        await asyncio.sleep(0.1)
        await source.close()
    assert [unit.meta["retain"] for unit in intake.accepted] == [True]


async def test_a_topic_from_data_that_means_something_else_is_invalid(floor: Floor) -> None:
    destination = floor.destination()
    await destination.open()
    before = floor.tap.client[PUBLISH]
    for topic in ("a/+", "#", "a\0b", "$SYS/x", "a\r\nb", ""):
        with pytest.raises(Invalid):
            await destination.destination.deliver(outgoing(1, topic=topic))
        with pytest.raises(Invalid):
            destination.destination.preview(outgoing(1, topic=topic))
    assert floor.tap.client[PUBLISH] == before


async def test_nobody_listens_is_no_fault(floor: Floor) -> None:
    destination = floor.destination()
    await destination.open()
    receipt = await destination.destination.deliver(outgoing(1, topic="nobody/listens"))
    assert receipt.detail == "no subscriber"


async def test_a_message_carries_its_key(floor: Floor) -> None:
    subscriber = Machine(floor.broker.port, "subscriber", version=MQTTProtocolVersion.MQTTv5)
    await subscriber.connect("out/#")
    destination = floor.destination(retain=True)
    await destination.open()
    await destination.destination.deliver(outgoing(7, b"body", topic="out/a"))
    await until(lambda: bool(subscriber.received))
    await subscriber.disconnect()
    (message,) = subscriber.received
    assert message.payload == b"body"
    assert getattr(message.properties, "UserProperty", None) == [("Idempotency-Key", "key-00007")]


async def test_without_an_acknowledgement_the_connection_is_made_anew(floor: Floor) -> None:
    destination = floor.destination(floor.connection(keepalive="60s"), timeout="300ms")
    await destination.open()
    floor.tap.freeze()
    with pytest.raises(Transient, match="did not acknowledge"):
        await destination.destination.deliver(outgoing(1, topic="out/a"))
    async with asyncio.timeout(5):
        assert isinstance(await destination.lost, NotConnected)
