"""The shop floor: an MQTT broker, and the machines that publish on it at least once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from amqtt.broker import Broker
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tundish_connectors.demo_plant.endpoints import LOOPBACK

PATIENCE = 10.0
"""Seconds that a machine waits for the broker's acknowledgement."""


class ShopFloor:
    """The machines of the plant behind one broker; made by `shop_floor`."""

    def __init__(self, broker: Broker, machines: Client) -> None:
        self._broker = broker
        self._machines = machines

    def has_listener(self) -> bool:
        """Whether somebody subscribed; a broker forgets what is published to nobody."""
        return bool(self._broker.subscriptions)

    async def report(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 1 and wait until the broker has it. Raises TimeoutError where it does not take it."""
        info = self._machines.publish(topic, payload, qos=1)
        await asyncio.to_thread(info.wait_for_publish, PATIENCE)
        if not info.is_published():
            raise TimeoutError(f"the broker did not take a report on {topic}")


@asynccontextmanager
async def shop_floor(port: int) -> AsyncIterator[ShopFloor]:
    """Run the broker on a port of loopback, with the machines connected to it."""
    # The broker reports each connection that a stopped client leaves; the demonstration has its own closing table.
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)
    logging.getLogger("transitions").setLevel(logging.CRITICAL)
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{LOOPBACK}:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    machines = Client(CallbackAPIVersion.VERSION2, client_id="machines")
    try:
        # The broker answers from this very event loop, so the wait for it happens in a thread.
        await asyncio.to_thread(machines.connect, LOOPBACK, port)
        machines.loop_start()
        yield ShopFloor(broker, machines)
    finally:
        machines.disconnect()
        await asyncio.to_thread(machines.loop_stop)
        await broker.shutdown()
