"""An MQTT client as machines and subscribers have it: paho with its own thread, as the connector never uses it."""

from __future__ import annotations

import asyncio

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties

from tests.conformance.ports import LOOPBACK


class Machine:
    """Publishes with QoS 1, and keeps what it receives."""

    def __init__(self, port: int, name: str, *, version: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311) -> None:
        self._port = port
        self.received: list[MQTTMessage] = []
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=version)
        self._client.on_message = lambda client, userdata, message: self.received.append(message)

    async def connect(self, subscribe: str = "") -> None:
        """Connect, and subscribe."""
        await asyncio.to_thread(self._client.connect, LOOPBACK, self._port, 60)
        ready = asyncio.Event()
        loop = asyncio.get_running_loop()
        done = ready.set
        self._client.on_subscribe = lambda *_: loop.call_soon_threadsafe(done)  # type: ignore[assignment] # any shape
        self._client.loop_start()
        if subscribe:
            while not self._client.is_connected():  # noqa: ASYNC110 - its thread has no event for us
                await asyncio.sleep(0.01)
            self._client.subscribe(subscribe, 1)
            async with asyncio.timeout(5):
                await ready.wait()

    async def publish(
        self, topic: str, body: bytes, *, qos: int = 1, retain: bool = False, properties: Properties | None = None
    ) -> None:
        """Publish, and wait until the broker has it."""
        info = self._client.publish(topic, body, qos, retain, properties)
        await asyncio.to_thread(info.wait_for_publish, 5)
        assert info.is_published()

    def is_connected(self) -> bool:
        """The broker is there; after it was away, paho connects again by itself."""
        return self._client.is_connected()

    async def disconnect(self) -> None:
        """Leave."""
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)
