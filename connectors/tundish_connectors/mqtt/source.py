"""Subscribes; each message is a unit, acknowledged when the journal has it, in the order of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from paho.mqtt.client import MQTTMessage

from tundish.errors import NotConnected
from tundish.faults import Fault
from tundish.model import Acceptance, Record, Unit
from tundish.sdk import Arrivals, Context, Intake, Source
from tundish.telemetry import Event
from tundish_connectors.mqtt.connection import MqttConnection
from tundish_connectors.mqtt.gaps import Gap, SubscriptionMemory
from tundish_connectors.mqtt.session import MqttSession
from tundish_connectors.mqtt.settings import MqttSourceSettings

_REMEMBER_EVERY = 60.0
"""Seconds; how exactly the beginning of a gap is known after a crash."""


class MqttSource(Source[MqttSourceSettings, MqttConnection]):
    """One session with the broker, which keeps messages for us while we are away."""

    def __init__(self, settings: MqttSourceSettings, connection: MqttConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._session: MqttSession | None = None
        self._early: list[MQTTMessage] = []
        self._memory = SubscriptionMemory(context.data)
        self._gap: Gap | None = None

    async def open(self) -> None:
        """Connect and subscribe. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        await self.close()
        self._session = session = self.connection.session(self.context.name)
        # The broker may send at once what it kept for us; `run` takes it.
        self._early = []
        session.on_message = self._take_early
        settings = self.settings
        await session.connect(keep=True, expiry=settings.session_expiry, receive_maximum=settings.receive_maximum)
        await self._subscribe(session)

    async def _subscribe(self, session: MqttSession) -> None:
        settings, now = self.settings, datetime.now(UTC)
        before = self._memory.recall()
        same = before is not None and (before.topic, before.qos) == (settings.topic, settings.qos)
        self._gap = None
        if before is not None and not session.session_present:
            self._gap = Gap(before.topic, before.seen, now.isoformat(timespec="seconds"))
            self._memory.record(self._gap)
            self.context.log.warning(Event.SOURCE_GAP, topic=before.topic, since=before.seen)
        if before is not None and not same:
            session.unsubscribe(before.topic)
        # Before MQTT 5, subscribing again would bring every retained message again.
        if session.is_5 or not session.session_present or not same:
            await session.subscribe(settings.topic, settings.qos)
        self._memory.remember(settings.topic, settings.qos, now)

    async def close(self) -> None:
        """Disconnect; the broker goes on keeping messages for us."""
        if self._session is not None:
            if not self._session.is_over:
                self._memory.remember(self.settings.topic, self.settings.qos, datetime.now(UTC))
            self._session.close()
            self._session = None

    async def check(self) -> Sequence[Fault]:
        """Say when the broker forgot us since the last time."""
        if self._gap is None:
            return ()
        text = f"the broker forgot us; what was published on {self._gap.topic} since {self._gap.since} may be missing"
        cure = "let publishers repeat it; let the broker keep sessions over its restarts, and raise 'session_expiry'"
        return (Fault("", text, cure),)

    async def run(self, intake: Intake) -> None:
        """Raises NotConnected when the broker is gone."""
        session = self._session
        if session is None:
            raise NotConnected("the source is not open")
        arrivals = Arrivals(intake)
        arrivals.start(self.context, self.settings.receive_maximum)
        take = partial(self._take, session, arrivals)
        for message in self._early:
            take(message)
        self._early = []
        session.on_message = take
        session.resume()
        while True:
            await session.over(within=_REMEMBER_EVERY)
            self._memory.remember(self.settings.topic, self.settings.qos, datetime.now(UTC))

    def _take_early(self, message: MQTTMessage) -> None:
        self._early.append(message)
        if self._session is not None and len(self._early) > self.settings.receive_maximum:
            self._session.pause()

    def _take(self, session: MqttSession, arrivals: Arrivals, message: MQTTMessage) -> None:
        unit = Unit(body=bytes(message.payload), received=datetime.now(UTC), meta=_meta(message))
        arrivals.add(unit, partial(self._acknowledge, session, arrivals, message))
        # A broker of MQTT 5 holds back by itself, except messages of QoS 0.
        if arrivals.unacknowledged > self.settings.receive_maximum:
            session.pause()

    def _acknowledge(
        self, session: MqttSession, arrivals: Arrivals, message: MQTTMessage, acceptance: Acceptance
    ) -> None:
        session.acknowledge(message)
        if arrivals.unacknowledged <= self.settings.receive_maximum:
            session.resume()


def _meta(message: MQTTMessage) -> Record:
    try:
        topic = message.topic
    except UnicodeDecodeError as error:
        topic = error.object.decode(errors="replace")
    return {
        "topic": topic,
        "qos": message.qos,
        "retain": message.retain,
        "properties": _properties(message),
    }


def _properties(message: MQTTMessage) -> Record:
    """What came beside the payload; there is nothing before MQTT 5."""
    if message.properties is None:
        return {}
    found: Record = {}
    for ours, theirs in (("response_topic", "ResponseTopic"), ("content_type", "ContentType")):
        if (text := getattr(message.properties, theirs, None)) is not None:
            found[ours] = str(text)
    if isinstance(correlation := getattr(message.properties, "CorrelationData", None), bytes):
        found["correlation"] = correlation.hex()
    if user := getattr(message.properties, "UserProperty", None):
        found["user"] = {str(name): str(value) for name, value in user}
    return found
