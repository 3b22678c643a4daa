"""The status topic: everybody on the broker can see whether the daemon is up."""

from __future__ import annotations

import pytest

from tests.conformance.machine import Machine
from tests.conformance.stand import until
from tests.integration.connectors.mqtt.floor import NEEDS_MOSQUITTO, Floor

pytestmark = [pytest.mark.anyio, NEEDS_MOSQUITTO]

TOPIC = "plant/tundish/status"


async def watched(floor: Floor) -> Machine:
    """Somebody who looks at the status."""
    watcher = Machine(floor.broker.port, "watcher")
    await watcher.connect(TOPIC)
    return watcher


def states(watcher: Machine) -> list[tuple[bytes, bool]]:
    """What was seen, and whether the broker had kept it."""
    return [(bytes(message.payload), message.retain) for message in watcher.received]


async def test_a_farewell_says_offline(floor: Floor) -> None:
    watcher = await watched(floor)
    source = floor.source(floor.connection(status_topic=TOPIC))
    await source.open()
    await until(lambda: states(watcher) == [(b"online", False)])
    await source.close()
    await until(lambda: states(watcher) == [(b"online", False), (b"offline", False)])
    await watcher.disconnect()


async def test_who_comes_later_sees_it_too(floor: Floor) -> None:
    source = floor.source(floor.connection(status_topic=TOPIC))
    await source.open()
    watcher = await watched(floor)
    await until(lambda: states(watcher) == [(b"online", True)])
    await watcher.disconnect()


async def test_without_a_farewell_the_broker_says_it(floor: Floor) -> None:
    watcher = await watched(floor)
    source = floor.source(floor.connection(status_topic=TOPIC))
    await source.open()
    await until(lambda: len(watcher.received) == 1)
    floor.tap.cut()
    await until(lambda: states(watcher)[-1] == (b"offline", False))
    await source.close()
    await source.open_when_possible()
    await until(lambda: states(watcher)[-1] == (b"online", False))
    await watcher.disconnect()


async def test_without_the_setting_nothing_is_said(floor: Floor) -> None:
    watcher = Machine(floor.broker.port, "watcher")
    await watcher.connect("#")
    source = floor.source()
    await source.open()
    await source.close()
    assert watcher.received == []
    await watcher.disconnect()
