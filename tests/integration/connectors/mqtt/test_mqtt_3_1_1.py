"""MQTT 3.1.1, with the broker from PyPI that the demonstration uses too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.brokers import Amqtt
from tests.conformance.machine import Machine
from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import RecordingIntake, outgoing, until, workbench
from tundish.sdk import connector

pytestmark = pytest.mark.anyio

SPEC = connector("mqtt")


async def test_messages_go_both_ways(tmp_path: Path) -> None:
    broker = Amqtt()
    await broker.start()
    connection = {"broker": LOOPBACK, "port": broker.port, "protocol": "3.1.1"}
    async with workbench(tmp_path / "data") as bench:
        source = bench.stand(SPEC, SPEC.source, connection, {"topic": "in/#"}, "in")
        destination = bench.stand(SPEC, SPEC.destination, connection, {"topic": "out/{{ id }}"}, "out")
        intake = RecordingIntake()
        await source.open()
        source.run(intake)
        await destination.open()
        machine = Machine(broker.port, "machine")
        await machine.connect("out/#")
        for number in range(20):
            await machine.publish("in/a", b"%d" % number)
            await destination.destination.deliver(outgoing(number))
        units = await intake.wait_for(20)
        await until(lambda: len(machine.received) == 20)
        await machine.disconnect()
    await broker.stop()
    assert [unit.body for unit in units] == [b"%d" % number for number in range(20)]
    assert units[0].meta["properties"] == {}
