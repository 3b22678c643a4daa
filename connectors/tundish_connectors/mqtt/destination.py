"""Publishes; a delivery is done when the broker has acknowledged it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from paho.mqtt.reasoncodes import ReasonCode

from tundish.errors import Misconfigured, NotConnected, Rejected, Transient
from tundish.model import Outgoing, Receipt, Value
from tundish.sdk import Context, Destination
from tundish_connectors._mqtt.greeting import Greeting
from tundish_connectors._mqtt.reasons import NO_MATCHING_SUBSCRIBERS, not_published
from tundish_connectors._mqtt.session import MqttSession
from tundish_connectors.mqtt.connection import MqttConnection
from tundish_connectors.mqtt.publication import Publication, needs_mqtt_5
from tundish_connectors.mqtt.settings import MqttDestinationSettings

_MOST_IN_FLIGHT = 100
"""Publications that wait for their acknowledgement, where the broker sets no lower limit."""
_NOBODY_LISTENS = "no subscriber"


class MqttDestination(Destination[MqttDestinationSettings, MqttConnection]):
    """One session with the broker, which keeps nothing for us: the journal does that."""

    def __init__(self, settings: MqttDestinationSettings, connection: MqttConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._session: MqttSession | None = None
        self._slots = asyncio.Semaphore(0)
        self._largest = 0

    async def open(self) -> None:
        """Connect. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        await self.close()
        self._session = session = self.connection.session(self.context.name)
        await session.connect(Greeting(receive_maximum=1))
        if not session.is_5 and (wanted := needs_mqtt_5(self.settings)):
            named = " and ".join(f"'{name}'" for name in wanted)
            raise Misconfigured(f"MQTT 3.1.1 cannot carry {named}", "set 'protocol: 5' on the connection, or remove it")
        limits = session.properties
        # paho ignores the broker's limits, and the broker would end the connection for it.
        if self.settings.qos > getattr(limits, "MaximumQoS", 2):
            raise Misconfigured("the broker offers no QoS 1", "set 'qos: 0'")
        if self.settings.retain and not getattr(limits, "RetainAvailable", 1):
            raise Misconfigured("the broker retains no messages", "remove 'retain'")
        self._slots = asyncio.Semaphore(min(getattr(limits, "ReceiveMaximum", _MOST_IN_FLIGHT), _MOST_IN_FLIGHT))
        self._largest = getattr(limits, "MaximumPacketSize", 0)
        self.context.start(self._watch(session), name="watch")

    async def _watch(self, session: MqttSession) -> None:
        """Tells the supervisor when the broker is gone: nobody else waits for that while there is nothing to send."""
        await session.over()

    async def close(self) -> None:
        """Disconnect. What was not acknowledged is published again later."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """`topic`, `qos`, `retain` and what else is set. Raises Invalid where the topic may not be published to."""
        return Publication.of(self.settings, message).preview(self.settings)

    async def deliver(self, message: Outgoing) -> Receipt:
        """Publish. Raises Invalid, Rejected, AuthFailed or Transient.

        An acknowledgement that does not come is Transient, not Unknown: whoever subscribes with QoS 1 expects repeats.
        """
        publication = Publication.of(self.settings, message)
        session = self._session
        if session is None:
            raise Transient("the broker is not connected")
        if self._largest and (size := publication.size(message)) > self._largest:
            raise Rejected(f"the message has {size} bytes with its topic; the broker takes at most {self._largest}")
        reason = await self._publish(session, publication, message)
        if reason.is_failure:
            raise not_published(publication.topic, reason.value, str(reason))
        detail = _NOBODY_LISTENS if reason.value == NO_MATCHING_SUBSCRIBERS else ""
        return Receipt(detail=detail, facts={"topic": publication.topic, "reason": reason.value})

    async def _publish(self, session: MqttSession, publication: Publication, message: Outgoing) -> ReasonCode:
        settings, topic = self.settings, publication.topic
        properties = publication.properties(settings, message) if session.is_5 else None
        try:
            async with self._slots, asyncio.timeout(settings.timeout):
                return await session.publish(
                    topic, message.body, qos=settings.qos, retain=settings.retain, properties=properties
                )
        except TimeoutError as error:
            text = f"the broker did not acknowledge within {settings.timeout:g} s"
            session.abandon(NotConnected(text))
            raise Transient(text) from error
        except NotConnected as error:
            raise Transient(str(error)) from error
