"""The broker is restarted ten times, with and without a memory of its own. The peer is mosquitto."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.conformance.machine import Machine
from tests.conformance.stand import RecordingIntake, Stand
from tests.integration.connectors.mqtt.floor import NEEDS_MOSQUITTO, Floor, shop_floor
from tundish.errors import NotConnected

pytestmark = [pytest.mark.anyio, NEEDS_MOSQUITTO]

RESTARTS = 10


async def restart(floor: Floor, source: Stand, intake: RecordingIntake, *, while_away: bytes | None = None) -> None:
    """Stop the broker, start it, and let the source find it again, as the supervisor does."""
    await floor.broker.stop()
    async with asyncio.timeout(10):
        assert isinstance(await source.lost, NotConnected)
    await source.close()
    await floor.broker.start()
    if while_away is not None:
        await publish(floor, while_away)
    await source.open_when_possible()
    source.run(intake)


async def publish(floor: Floor, body: bytes) -> None:
    """By a machine that connects anew."""
    machine = Machine(floor.broker.port, "machine")
    await machine.connect()
    await machine.publish("in/a", body)
    await machine.disconnect()


async def test_a_broker_with_a_memory_loses_nothing(tmp_path: Path) -> None:
    async with shop_floor(tmp_path) as floor:
        source, intake = floor.source(), RecordingIntake()
        await source.open()
        source.run(intake)
        expected = []
        for number in range(RESTARTS):
            expected += [b"before %d" % number, b"away %d" % number]
            await publish(floor, b"before %d" % number)
            await intake.wait_for(2 * number + 1)
            await restart(floor, source, intake, while_away=b"away %d" % number)
            await intake.wait_for(2 * number + 2)
            assert not await source.component.check()
        assert [unit.body for unit in intake.accepted] == expected


async def test_each_loss_of_a_broker_without_a_memory_is_a_gap(tmp_path: Path) -> None:
    async with shop_floor(tmp_path, {"persistence": "false"}) as floor:
        source, intake = floor.source(gaps="message"), RecordingIntake()
        await source.open()
        source.run(intake)
        for number in range(RESTARTS):
            await restart(floor, source, intake, while_away=b"lost")
            # It is subscribed again: what comes from now on is received.
            await publish(floor, b"after %d" % number)
            await intake.wait_for(2 * number + 2)
            (fault,) = await source.component.check()
            assert "may be missing" in fault.text
        gaps, others = intake.accepted[::2], intake.accepted[1::2]
        assert [unit.body for unit in others] == [b"after %d" % number for number in range(RESTARTS)]
        assert [unit.meta["gap"] for unit in gaps] == [True] * RESTARTS
        assert len({unit.name for unit in gaps}) > 1
        told = [json.loads(unit.body)["gap"] for unit in gaps if isinstance(unit.body, bytes)]
        assert {gap["topic"] for gap in told} == {"in/+"}
        assert all(gap["since"] <= gap["until"] for gap in told)
        kept = (source.held.context.data / "gaps.jsonl").read_text().splitlines()
        assert [json.loads(line) for line in kept] == told
        assert sum(event == "source.gap" for _, event, _ in source.log.events) == RESTARTS
