"""The host application of a daemon on one broker: one session, which all routes of the connection listen to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Protocol

from tundish.errors import Misconfigured, NotConnected
from tundish.faults import Fault
from tundish.sdk import Context
from tundish.telemetry import Event
from tundish_connectors._mqtt.connection import BrokerConnection
from tundish_connectors._mqtt.greeting import Greeting, Will
from tundish_connectors._mqtt.receiving import Arrival
from tundish_connectors._mqtt.session import MqttSession
from tundish_connectors.sparkplug.hosting.heard import Entry, Gap
from tundish_connectors.sparkplug.hosting.host import Host, rebirth_command
from tundish_connectors.sparkplug.hosting.known_nodes import KnownNodes
from tundish_connectors.sparkplug.hosting.receipts import Receipt
from tundish_connectors.sparkplug.settings import SparkplugConnectionSettings
from tundish_connectors.sparkplug.state import HostState, read_state
from tundish_connectors.sparkplug.topics import KINDS, NAMESPACE, read_topic, state_topic, topic_of

_TICK = 0.25
"""Seconds between looks at what is late."""
_REMEMBER_EVERY = 60.0
"""Seconds; how exactly the beginning of a gap is known after a crash."""
_ANSWER_WITHIN = 2.0


class Listener(Protocol):
    """A route that listens."""

    @property
    def takes(self) -> bool:
        """Its journal takes units now."""

    @property
    def is_full(self) -> bool:
        """It has enough in hand, so nothing more should be read."""

    def hear(self, entry: Entry, arrival: Arrival | None, receipt: Receipt) -> None:
        """Take an entry, at once, if it is for this route."""


class SparkplugConnection(BrokerConnection[SparkplugConnectionSettings]):
    """Makes sessions for edge nodes, and is the host application where `host_id` is set."""

    def __init__(self, settings: SparkplugConnectionSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._host = Host(patience=settings.late, rebirth_every=settings.rebirth_every)
        self._known = KnownNodes(context.data)
        self._session: MqttSession | None = None
        self._listeners: list[Listener] = []
        self._said = HostState(online=False, timestamp=0)
        self._others: set[int] = set()
        self._away_since = time.time()
        self._remembered = 0.0

    async def open(self) -> None:
        """Connect as the host application, offline until a route listens. Raises what connecting raises."""
        await self.close()
        await super().open()
        if not self.settings.host_id:
            return
        if self.context.probing:
            await self._probe()
            return
        self._said = HostState(online=False, timestamp=int(time.time() * 1000))
        self._others = set()
        self._session = session = self.session(self.context.name)
        session.on_message = self._arrived
        # The specification wants a clean start: what was sent while we were away does not come (3.0, section 5.2).
        await session.connect(Greeting(will=Will(self._state_topic, self._said.encode())))
        await session.subscribe(self._state_topic, 1)
        self.context.start(session.over(), name="session")
        self.context.start(self._watch(session), name="watch")

    async def _probe(self) -> None:
        """Connect under a name of its own, and say nothing about the host application."""
        session = self.session(self.context.name)
        await session.connect(Greeting())
        session.close()

    async def close(self) -> None:
        """Say that we are offline; what edge nodes say from now on is missing."""
        session, self._session = self._session, None
        if session is None:
            return
        if self._said.online:
            self._remember()
            self._away_since = time.time()
        await self._say(session, online=False)
        session.close()

    async def check(self) -> Sequence[Fault]:
        """Say where another host application has our name, and what every broker's check says."""
        faults = list(await super().check())
        if self._others:
            text = f"another host application is online as '{self.settings.host_id}'"
            faults.append(Fault("host_id", text, "give one of the two another 'host_id'"))
        return faults

    @property
    def _state_topic(self) -> str:
        return state_topic(self.settings.host_id)

    async def listen(self, listener: Listener) -> MqttSession:
        """Let a route hear what comes; with the first one, the host application is online.

        Raises NotConnected, AuthFailed or Misconfigured.
        """
        session = self._session
        if not self.settings.host_id:
            raise Misconfigured("a route listens on a connection that is no host application", "set its 'host_id'")
        if session is None:
            raise NotConnected("the host application is not connected")
        self._listeners.append(listener)
        if len(self._listeners) == 1:
            now, reason = time.time(), "the host application was away"
            self._hand_over([*self._host.was_away(reason, now), *self._host.recall(self._known.recall(), reason, now)])
            for group in self.settings.groups or ("+",):
                # Not all at once: a broker sends a message twice to subscriptions that overlap, and that of our own
                # state would; and commands are for edge nodes.
                for kind in KINDS:
                    await session.subscribe(f"{NAMESPACE}/{group}/{kind}/#", 1)
            await self._say(session, online=True)
            await self._ask(session)
        return session

    async def leave(self, listener: Listener) -> None:
        """The route hears no more; without any, the host application is offline."""
        if listener in self._listeners:
            self._listeners.remove(listener)
        if self._session is not None and not self._listeners:
            self._remember()
            await self._say(self._session, online=False)

    def flow(self) -> None:
        """Read on, or wait, as the routes want it."""
        if self._session is None:
            return
        if any(listener.is_full for listener in self._listeners):
            self._session.pause()
        else:
            self._session.resume()

    async def _say(self, session: MqttSession, *, online: bool) -> None:
        """Publish our state, retained. Nothing happens where the broker is gone: then its will speaks for us."""
        state = HostState(online, self._said.timestamp)
        if session.is_over or (state == self._said and not online):
            return
        self._said = state
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                await session.publish(self._state_topic, state.encode(), qos=1, retain=True, properties=None)
        except (NotConnected, TimeoutError) as error:
            session.abandon(NotConnected(f"our state could not be published: {error}"))

    def _arrived(self, message: Arrival) -> None:
        receipt = Receipt(self._session, message)
        with receipt:
            if message.topic == self._state_topic:
                self._heard_of_ourselves(message)
                return
            found = read_topic(message.topic)
            if found is None or not self._listeners:
                return
            kind, address = found
            entries = self._host.take(kind, address, message.payload, time.time())
            self._hand_over(entries, message, receipt)
        self.flow()

    def _heard_of_ourselves(self, message: Arrival) -> None:
        """A will of an earlier connection may come late, and would keep edge nodes waiting."""
        state = read_state(message.payload)
        if state is None or (state.timestamp == self._said.timestamp and state.online == self._said.online):
            return
        if state.online and state.timestamp != self._said.timestamp:
            self._others.add(state.timestamp)
        elif self._said.online and self._session is not None:
            self.context.start(self._say(self._session, online=True), name="state")

    def _hand_over(
        self, entries: Iterable[Entry], message: Arrival | None = None, receipt: Receipt | None = None
    ) -> None:
        for entry in entries:
            if isinstance(entry, Gap):
                facts = {"edge_node": str(entry.address), "reason": entry.reason}
                self.context.log.warning(Event.SOURCE_GAP, **facts)
            for listener in self._listeners:
                listener.hear(entry, message, receipt or Receipt(None, None))

    async def _watch(self, session: MqttSession) -> None:
        """Looks after what is late, asks for births, and tells whether the journals take anything."""
        while not session.is_over:
            await asyncio.sleep(_TICK)
            now = time.time()
            self._hand_over(self._host.tick(now))
            await self._ask(session)
            if self._listeners:
                takes = all(listener.takes for listener in self._listeners)
                if takes != self._said.online:
                    await self._say(session, online=takes)
            if now - self._remembered > _REMEMBER_EVERY:
                self._remember()

    async def _ask(self, session: MqttSession) -> None:
        if not self._said.online:
            return
        for address, reason in self._host.rebirths(time.time()):
            self.context.log.info(Event.REBIRTH_REQUESTED, edge_node=str(address), reason=reason)
            topic = topic_of("NCMD", address)
            await session.publish(topic, rebirth_command(time.time()), qos=0, retain=False, properties=None)

    def _remember(self) -> None:
        self._remembered = time.time()
        self._known.remember(self._host.online())
