"""Subscribes; each message is a unit, acknowledged when the journal has it, in the order of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from tundish.errors import NotConnected
from tundish.faults import Fault
from tundish.model import Acceptance, Unit
from tundish.sdk import Arrivals, Context, Intake, Source
from tundish.telemetry import Event
from tundish_connectors._mqtt.greeting import Greeting, RetainHandling
from tundish_connectors._mqtt.receiving import Arrival
from tundish_connectors._mqtt.session import MqttSession
from tundish_connectors.mqtt.arrived import meta_of
from tundish_connectors.mqtt.connection import MqttConnection
from tundish_connectors.mqtt.gaps import Gap, SubscriptionMemory, gap_fault, gap_unit
from tundish_connectors.mqtt.levels import Levels, wire_filter
from tundish_connectors.mqtt.limits import limit_faults
from tundish_connectors.mqtt.settings import MqttSourceSettings

_RETAINED = {"new": RetainHandling.WHEN_NEW, "ignore": RetainHandling.NEVER, "take": RetainHandling.ALWAYS}
_REMEMBER_EVERY = 60.0
"""Seconds; how exactly the beginning of a gap is known after a crash."""


class MqttSource(Source[MqttSourceSettings, MqttConnection]):
    """One session with the broker, which keeps messages for us while we are away."""

    def __init__(self, settings: MqttSourceSettings, connection: MqttConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._session: MqttSession | None = None
        self._early: list[Arrival] = []
        self._memory = SubscriptionMemory(context.data)
        self._topic = wire_filter(settings.topic)
        self._levels = Levels.of(settings.topic)
        self._gap: Gap | None = None

    async def open(self) -> None:
        """Connect and subscribe. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        await self.close()
        self._session = session = self.connection.session(self.context.name)
        # The broker may send at once what it kept for us; `run` takes it.
        self._early = []
        session.on_message = self._take_early
        settings = self.settings
        if self.context.probing:
            # A session that ends with us; the broker goes on keeping messages for that of the daemon.
            await session.connect(Greeting(receive_maximum=settings.receive_maximum))
            await session.subscribe(self._topic, settings.qos, RetainHandling.NEVER)
            return
        greeting = Greeting(keep=True, expiry=settings.session_expiry, receive_maximum=settings.receive_maximum)
        await session.connect(greeting)
        await self._subscribe(session)

    async def _subscribe(self, session: MqttSession) -> None:
        settings, now = self.settings, datetime.now(UTC)
        before = self._memory.recall()
        same = before is not None and (before.topic, before.qos) == (self._topic, settings.qos)
        self._gap = None
        if before is not None and not session.session_present:
            self._gap = Gap(before.topic, before.seen, now.isoformat(timespec="seconds"))
            self._memory.record(self._gap)
            self.context.log.warning(Event.SOURCE_GAP, topic=before.topic, since=before.seen)
        if before is not None and not same:
            session.unsubscribe(before.topic)
        # Before MQTT 5, subscribing again would bring every retained message again.
        if session.is_5 or not session.session_present or not same or settings.retained == "take":
            await session.subscribe(self._topic, settings.qos, _RETAINED[settings.retained])
        self._memory.remember(self._topic, settings.qos, now)

    async def close(self) -> None:
        """Disconnect; the broker goes on keeping messages for us."""
        if self._session is not None:
            if not self._session.is_over and not self.context.probing:
                self._memory.remember(self._topic, self.settings.qos, datetime.now(UTC))
            self._session.close()
            self._session = None

    async def check(self) -> Sequence[Fault]:
        """Say when the broker forgot us since the last time, and where it keeps less for us than we asked for."""
        faults = [] if self._gap is None else [gap_fault(self._gap)]
        if self._session is not None:
            faults += limit_faults(self._session.properties, self.settings)
        return faults

    async def run(self, intake: Intake) -> None:
        """Raises NotConnected when the broker is gone."""
        session = self._session
        if session is None:
            raise NotConnected("the source is not open")
        arrivals = Arrivals(intake)
        arrivals.start(self.context, self.settings.receive_maximum)
        if self._gap is not None and self.settings.gaps == "message":
            arrivals.add(gap_unit(self._gap), _nothing_to_acknowledge)
        take = partial(self._take, session, arrivals)
        for message in self._early:
            take(message)
        self._early = []
        session.on_message = take
        session.resume()
        while True:
            await session.over(within=_REMEMBER_EVERY)
            self._memory.remember(self._topic, self.settings.qos, datetime.now(UTC))

    def _take_early(self, message: Arrival) -> None:
        self._early.append(message)
        if self._session is not None and len(self._early) > self.settings.receive_maximum:
            self._session.pause()

    def _take(self, session: MqttSession, arrivals: Arrivals, message: Arrival) -> None:
        if message.retain and self.settings.retained == "ignore":
            # Before MQTT 5 a broker cannot be asked to leave them out.
            session.acknowledge(message)
            return
        unit = Unit(body=message.payload, received=datetime.now(UTC), meta=meta_of(message, self._levels))
        arrivals.add(unit, partial(self._acknowledge, session, arrivals, message))
        # A broker of MQTT 5 holds back by itself, except messages of QoS 0.
        if arrivals.unacknowledged > self.settings.receive_maximum:
            session.pause()

    def _acknowledge(self, session: MqttSession, arrivals: Arrivals, message: Arrival, acceptance: Acceptance) -> None:
        session.acknowledge(message)
        if arrivals.unacknowledged <= self.settings.receive_maximum:
            session.resume()


def _nothing_to_acknowledge(acceptance: Acceptance) -> None:
    """The broker knows nothing of a gap."""
