"""What a broker allows, and what it says when it keeps less than was asked for. The peer is mosquitto."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.conformance.machine import Machine
from tests.conformance.stand import RecordingIntake, outgoing, until
from tests.conformance.tap import PUBLISH
from tests.integration.connectors.mqtt.floor import NEEDS_MOSQUITTO, shop_floor
from tundish.errors import Misconfigured, Rejected

pytestmark = [pytest.mark.anyio, NEEDS_MOSQUITTO]


async def test_a_message_that_the_broker_would_not_take(tmp_path: Path) -> None:
    async with shop_floor(tmp_path, {"max_packet_size": "1000"}) as floor:
        destination = floor.destination()
        await destination.open()
        with pytest.raises(Rejected, match="at most 1000"):
            await destination.destination.deliver(outgoing(1, bytes(2000), topic="out/a"))
        await destination.destination.deliver(outgoing(2, bytes(500), topic="out/a"))


async def test_no_more_is_in_flight_than_the_broker_allows(tmp_path: Path) -> None:
    async with shop_floor(tmp_path, {"max_inflight_messages": "5"}) as floor:
        destination = floor.destination(timeout="5s")
        await destination.open()
        floor.tap.delay(0.3)
        before = floor.tap.client[PUBLISH]
        async with asyncio.TaskGroup() as group:
            for number in range(12):
                group.create_task(destination.destination.deliver(outgoing(number, topic="out/a")))
            # The first acknowledgement is back after twice the delay.
            await asyncio.sleep(0.45)
            assert floor.tap.client[PUBLISH] - before == 5
        assert floor.tap.client[PUBLISH] - before == 12


async def test_a_broker_with_a_lower_quality_of_service_is_told_apart(tmp_path: Path) -> None:
    async with shop_floor(tmp_path, {"max_qos": "0"}) as floor:
        source = floor.source()
        await source.open()
        assert "at most QoS 0" in str((await source.component.check())[0])
        with pytest.raises(Misconfigured, match="no QoS 1"):
            await floor.destination().open()


async def test_a_broker_that_retains_nothing_is_told_apart(tmp_path: Path) -> None:
    async with shop_floor(tmp_path, {"retain_available": "false"}) as floor:
        with pytest.raises(Misconfigured, match="retains no messages"):
            await floor.destination(retain=True).open()


async def test_dropped_messages_are_told(tmp_path: Path) -> None:
    options = {"max_queued_messages": "10", "max_inflight_messages": "5", "sys_interval": "1"}
    async with shop_floor(tmp_path, options) as floor:
        source = floor.source()
        await source.open()
        assert not await source.connection.check()
        await source.close()
        machine = Machine(floor.broker.port, "machine")
        await machine.connect("$SYS/broker/publish/messages/dropped")
        for number in range(100):
            await machine.publish("in/a", b"%d" % number)
        await until(lambda: any(message.payload != b"0" for message in machine.received))
        await machine.disconnect()

        again, intake = floor.source(route="another"), RecordingIntake()
        await again.open()
        again.run(intake)
        (fault,) = await again.connection.check()
        assert "has dropped" in fault.text
        assert "max_queued_messages" in fault.cure
        # Nobody waits for it at every reconnect.
        assert not await again.connection.check()
