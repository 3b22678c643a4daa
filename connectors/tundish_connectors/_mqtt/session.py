"""One connection to a broker, from CONNECT to its end. It is never used again: a new one is a new object.

Acknowledgements go through the session in which their message came, so none can hit a message of a later session that
has the same number.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from tundish.errors import AuthFailed, NotConnected, TundishError
from tundish_connectors._mqtt.broker import BrokerSettings
from tundish_connectors._mqtt.driver import LoopDriver
from tundish_connectors._mqtt.greeting import Greeting, RetainHandling
from tundish_connectors._mqtt.properties import properties_of
from tundish_connectors._mqtt.reasons import dropped, refused
from tundish_connectors._mqtt.receiving import Arrival, ReceivingClient


class MqttSession:
    """Made by `BrokerConnection.session`. All methods belong to the event loop's thread."""

    def __init__(self, client_id: str, settings: BrokerSettings, tls: ssl.SSLContext | None) -> None:
        self.client_id = client_id
        self.is_5 = settings.protocol == "5"
        self.session_present = False
        self.properties = properties_of(PacketTypes.CONNACK)
        """What the broker said about its limits; empty before MQTT 5."""
        self.on_message: Callable[[Arrival], None] = lambda message: None
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[TundishError] = self._loop.create_future()
        self._connected: asyncio.Future[None] = self._loop.create_future()
        self._subscribed: dict[int, asyncio.Future[ReasonCode]] = {}
        self._published: dict[int, asyncio.Future[ReasonCode]] = {}
        self._client = ReceivingClient(CallbackAPIVersion.VERSION2)
        self._acknowledged: list[int] = []
        """Numbers of messages whose acknowledgement leaves when this turn of the event loop is over."""
        self._driver = LoopDriver(self._client, self._end)
        self._tls = tls
        self._abandoned = threading.Event()

    @property
    def is_over(self) -> bool:
        """The connection is gone."""
        return self._ended.done()

    async def over(self, within: float | None = None) -> None:
        """Wait until the connection is gone, at most so many seconds. Raises the reason where it is."""
        # Not awaited itself: whoever is cancelled while waiting would cancel it for everybody.
        await asyncio.wait([self._ended], timeout=within)
        if self._ended.done():
            raise self._ended.result()

    async def connect(self, greeting: Greeting) -> None:
        """Connect. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        self._client = self._make_client(greeting)
        self._driver = LoopDriver(self._client, self._end)
        properties = None
        if self.is_5:
            properties = properties_of(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = int(greeting.expiry) if greeting.keep else 0
            properties.ReceiveMaximum = greeting.receive_maximum
        where = f"{self._settings.broker}:{self._port}"
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                # Looking up the name, connecting and encrypting block in paho.
                await asyncio.to_thread(self._connect, greeting.keep, properties)
                self._driver.attach()
                await self._connected
        except TimeoutError as error:
            raise NotConnected(f"the broker at {where} does not answer") from error
        except ssl.SSLError as error:
            raise AuthFailed(f"the broker at {where} is not trusted: {error}") from error
        except OSError as error:
            raise NotConnected(f"the broker at {where} cannot be reached: {error}") from error

    @property
    def _port(self) -> int:
        return self._settings.port or (1883 if self._tls is None else 8883)

    def _make_client(self, greeting: Greeting) -> ReceivingClient:
        client = ReceivingClient(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            clean_session=None if self.is_5 else not greeting.keep,
            protocol=MQTTProtocolVersion.MQTTv5 if self.is_5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = self._settings.connect_timeout
        # The destination counts what is in flight itself, since paho ignores the broker's own limit.
        client.max_inflight_messages = 0
        if self._settings.username is not None:
            password = self._settings.password.reveal() if self._settings.password else None
            client.username_pw_set(self._settings.username, password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
            if not self._tls.check_hostname:
                client.tls_insecure_set(True)
        if (will := greeting.will) is not None:
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.arrived = self._arrived
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        return client

    def _connect(self, keep: bool, properties: Properties | None) -> None:
        """Runs in a thread, and may still be there when nobody waits for it any more."""
        client, settings = self._client, self._settings
        if self.is_5:
            clean = not keep
            client.connect(
                settings.broker, self._port, int(settings.keepalive), clean_start=clean, properties=properties
            )
        else:
            client.connect(settings.broker, self._port, int(settings.keepalive))
        if self._abandoned.is_set():
            _close(client.socket())

    def _end(self, reason: TundishError) -> None:
        if not self._ended.done():
            self._ended.set_result(reason)
        if not self._connected.done():
            self._connected.set_exception(reason)
        everybody: list[asyncio.Future[Any]] = [*self._subscribed.values(), *self._published.values()]
        for waiting in everybody:
            if not waiting.done():
                waiting.set_exception(NotConnected(str(reason)))
        self._subscribed.clear()
        self._published.clear()
        self._driver.detach()

    def _on_connect(
        self, client: Client, userdata: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._driver.progress = True
        if self._connected.done():
            return
        if reason.is_failure:
            self._connected.set_exception(refused("the connection", reason.value, str(reason)))
            return
        self.session_present = flags.session_present
        self.properties = properties or self.properties
        self._connected.set_result(None)

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._end(dropped(reason.value, str(reason), self.client_id))

    def _arrived(self, message: Arrival) -> None:
        self._driver.progress = True
        self.on_message(message)

    def _on_publish(
        self, client: Client, userdata: Any, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._driver.progress = True
        waiting = self._published.pop(mid, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(reason)

    def _on_subscribe(
        self, client: Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        self._driver.progress = True
        waiting = self._subscribed.pop(mid, None)
        if waiting is None or waiting.done():
            return
        waiting.set_result(reasons[0])

    async def subscribe(self, topic: str, qos: int, retained: RetainHandling = RetainHandling.WHEN_NEW) -> None:
        """Subscribe and wait for the broker's word. Before MQTT 5 retained messages come each time.

        Raises NotConnected, AuthFailed or Misconfigured.
        """
        if self.is_5:
            options = SubscribeOptions(qos=qos, retainHandling=int(retained))
            result, mid = self._client.subscribe(topic, options=options)
        else:
            result, mid = self._client.subscribe(topic, qos)
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS or mid is None:
            raise NotConnected(f"the broker is gone: {result.name}")
        self._subscribed[mid] = self._loop.create_future()
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                reason = await self._subscribed[mid]
        except TimeoutError as error:
            raise NotConnected(f"the broker does not answer the subscription to '{topic}'") from error
        if reason.is_failure:
            raise refused(f"the subscription to '{topic}'", reason.value, str(reason))

    def pause(self) -> None:
        """Read nothing for now; the broker waits."""
        self._driver.pause()

    def resume(self) -> None:
        """Read on."""
        self._driver.resume()

    def unsubscribe(self, topic: str) -> None:
        """Want no more of a topic; nobody waits for the answer."""
        self._client.unsubscribe(topic)

    def acknowledge(self, message: Arrival) -> None:
        """Tell the broker that we have a message of this session; nothing happens when the session is over."""
        if message.qos and not self._ended.done():
            if not self._acknowledged:
                self._loop.call_soon(self._send_acknowledgements)
            self._acknowledged.append(message.mid)

    def _send_acknowledgements(self) -> None:
        mids, self._acknowledged = self._acknowledged, []
        if mids and not self._ended.done():
            self._client.acknowledge(mids)

    async def publish(
        self, topic: str, body: bytes, *, qos: int, retain: bool, properties: Properties | None
    ) -> ReasonCode:
        """Publish and wait for the acknowledgement, for ever if need be. Raises NotConnected."""
        return await self.hand_over(topic, body, qos=qos, retain=retain, properties=properties)

    def hand_over(
        self, topic: str, body: bytes, *, qos: int, retain: bool, properties: Properties | None
    ) -> asyncio.Future[ReasonCode]:
        """Publish at once, behind whatever was handed over before; the future has the acknowledgement.

        Raises NotConnected.
        """
        if self._ended.done():
            raise NotConnected(str(self._ended.result()))
        info = self._client.publish(topic, body, qos, retain, properties)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise NotConnected(f"the broker is gone: {MQTTErrorCode(info.rc).name}")
        acknowledged: asyncio.Future[ReasonCode] = self._loop.create_future()
        if not qos and info.is_published():
            # The network took it at once, and nobody will hear of it again.
            acknowledged.set_result(ReasonCode(PacketTypes.PUBACK, "Success"))
        else:
            self._published[info.mid] = acknowledged
        return acknowledged

    def abandon(self, reason: TundishError) -> None:
        """Give the connection up, without a farewell: it does not answer."""
        self._end(reason)
        _close(self._client.socket())

    def close(self) -> None:
        """Say goodbye and close, so that the broker does not wait for us; never raises, and may be called twice."""
        self._abandoned.set()
        self._send_acknowledgements()
        if self._driver.is_attached:
            self._driver.guard(self._client.disconnect)
            self._driver.write()
        self._end(NotConnected("the connection was closed"))
        _close(self._client.socket())
        # Whoever connects may have gone; an exception that nobody fetches would be reported as a fault.
        if self._connected.done() and not self._connected.cancelled():
            self._connected.exception()


def _close(sock: object) -> None:
    if isinstance(sock, socket.socket):
        sock.close()
