"""Publishes as an edge node. While its primary host is offline, nothing is published: the journal keeps it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Mapping
from typing import Literal

from tundish.errors import Invalid, NotConnected, Rejected, Throttled, Transient
from tundish.faults import Fault
from tundish.model import Outgoing, Receipt, Value
from tundish.sdk import Context, Destination
from tundish_connectors._mqtt.greeting import Greeting, RetainHandling, Will
from tundish_connectors._mqtt.receiving import Arrival
from tundish_connectors._mqtt.session import MqttSession
from tundish_connectors.sparkplug.births import BirthCounter
from tundish_connectors.sparkplug.connection import SparkplugConnection
from tundish_connectors.sparkplug.hosting.host import REBIRTH
from tundish_connectors.sparkplug.own_node import OwnNode, Publication, death_of
from tundish_connectors.sparkplug.payload.datatypes import DataType, milliseconds
from tundish_connectors.sparkplug.payload.decoding import decode
from tundish_connectors.sparkplug.payload.encoding import encode
from tundish_connectors.sparkplug.payload.metrics import Message, Metric
from tundish_connectors.sparkplug.settings import SparkplugDestinationSettings
from tundish_connectors.sparkplug.state import HostState, newer, read_state
from tundish_connectors.sparkplug.topics import Address, name_fault, state_topic, topic_of

_ANSWER_WITHIN = 5.0
_FAREWELL = 2.0
"""Seconds that the farewell may take when the daemon stops."""
_HOST_MAY_BE_BACK = 1.0
"""Seconds after which a message that waits for the primary host looks again."""


class SparkplugDestination(Destination[SparkplugDestinationSettings, SparkplugConnection]):
    """One session as one edge node."""

    def __init__(
        self, settings: SparkplugDestinationSettings, connection: SparkplugConnection, context: Context
    ) -> None:
        super().__init__(settings, connection, context)
        self._session: MqttSession | None = None
        self._types = {name: DataType[kind] for name, kind in settings.metrics.items()}
        self._node = OwnNode(
            Address(settings.group, settings.edge_node),
            self._types,
            of_devices=settings.device is not None,
            aliases=settings.aliases,
        )
        self._counter = BirthCounter(context.data)
        self._host: HostState | None = None
        self._is_born = False
        self._largest = 0

    async def open(self) -> None:
        """Connect, and be born, or wait for the primary host. Raises what connecting raises."""
        await self.close()
        self._host, self._is_born = None, False
        if self.context.probing:
            session = self.connection.session(self.context.name)
            await session.connect(Greeting())
            session.close()
            return
        self._node.bd_seq = self._counter.following()
        self._session = session = self.connection.session(self.context.name)
        session.on_message = self._arrived
        death = self._death()
        await session.connect(Greeting(will=Will(death.topic, death.payload, qos=1, retain=False)))
        self._largest = getattr(session.properties, "MaximumPacketSize", 0)
        await session.subscribe(topic_of("NCMD", self._node.address), 1)
        if self.settings.primary_host:
            await session.subscribe(state_topic(self.settings.primary_host), 1, RetainHandling.ALWAYS)
        else:
            await self._be_born(session)
        self.context.start(session.over(), name="session")

    async def close(self) -> None:
        """Publish our death, and disconnect."""
        session, self._session = self._session, None
        if session is None:
            return
        if self._is_born and not session.is_over:
            self._is_born = False
            death = self._death()
            with contextlib.suppress(NotConnected, TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await session.publish(death.topic, death.payload, qos=1, retain=False, properties=None)
        session.close()

    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """`topic` and `metrics`. Raises Invalid where a value does not fit its datatype, or there is none."""
        device = self._device(message)
        values = self._values(message, 0)
        encode(Message(values))
        kind: Literal["DDATA", "NDATA"] = "DDATA" if device else "NDATA"
        address = Address(self.settings.group, self.settings.edge_node, device)
        return {"topic": topic_of(kind, address), "metrics": {each.name: each.value for each in values}}

    async def deliver(self, message: Outgoing) -> Receipt:
        """Publish the values of a message. Raises Invalid, Rejected, Throttled or Transient.

        Sparkplug has no acknowledgement of data, so a message is delivered when the network has it.
        """
        now = int(time.time() * 1000)
        device, values = self._device(message), self._values(message, now)
        session = self._session
        if session is None:
            raise Transient("the broker is not connected")
        if not self._is_born:
            # A fault of nobody's: the destination as a whole waits, and no message uses up its attempts.
            host = self.settings.primary_host
            raise Throttled(f"the primary host '{host}' is offline, so it waits in the journal", _HOST_MAY_BE_BACK)
        encode(Message(values))
        if self._largest and (size := len(encode(Message(values))) + 200) > self._largest:
            raise Rejected(f"the message has {size} bytes; the broker takes at most {self._largest}")
        try:
            last = await self._publish(session, self._node.data(device, values, now))
        except NotConnected as error:
            raise Transient(str(error)) from error
        return Receipt(facts={"topic": last.topic, "seq": last.seq})

    async def _publish(self, session: MqttSession, publications: Iterable[Publication]) -> Publication:
        """Publish them in order; numbers are given and used without a pause, so no other message comes between."""
        waiting = [
            (each, session.hand_over(each.topic, each.payload, qos=0, retain=False, properties=None))
            for each in publications
        ]
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                for _, sent in waiting:
                    await sent
        except TimeoutError as error:
            reason = NotConnected(f"the network took nothing for {_ANSWER_WITHIN:g} s")
            session.abandon(reason)
            raise reason from error
        return waiting[-1][0]

    async def _be_born(self, session: MqttSession) -> None:
        self._is_born = True
        await self._publish(session, self._node.births(int(time.time() * 1000)))

    def _arrived(self, message: Arrival) -> None:
        session = self._session
        if session is None:
            return
        session.acknowledge(message)
        if message.topic.startswith(state_topic("")):
            self._host_said(session, message)
            return
        with contextlib.suppress(Invalid):
            if self._is_born and decode(message.payload).is_true(REBIRTH):
                self.context.start(self._be_born(session), name="births")

    def _host_said(self, session: MqttSession, message: Arrival) -> None:
        said = read_state(message.payload)
        if said is None:
            return
        self._host = newer(self._host, said)
        if self._host is not said:
            return
        if said.online and not self._is_born:
            self.context.start(self._be_born(session), name="births")
        elif not said.online and self._is_born:
            self.context.start(self._retreat(), name="death")

    async def _retreat(self) -> None:
        """The primary host is gone: we die, and come back to wait for it (3.0, section 5.4). Raises NotConnected."""
        await self.close()
        raise NotConnected(f"the primary host '{self.settings.primary_host}' went offline")

    def _death(self) -> Publication:
        return death_of(self._node.address, self._node.bd_seq, int(time.time() * 1000))

    def _device(self, message: Outgoing) -> str:
        if self.settings.device is None:
            return ""
        device = self.settings.device.render(message.scope)
        if fault := name_fault(device):
            text = f"the device {device[:100]!a} cannot be used: {fault}"
            raise Invalid(text, faults=(Fault("device", text),))
        return device

    def _values(self, message: Outgoing, now: int) -> tuple[Metric, ...]:
        record = message.record
        at = self._moment(message) or now
        known = {} if not isinstance(record, dict) else record
        found = tuple(
            Metric(name, datatype, known[name], timestamp=at) for name, datatype in self._types.items() if name in known
        )
        if not found:
            text = f"the message has none of the metrics {', '.join(self._types)}"
            raise Invalid(text, faults=(Fault("", text, "name them in the mapping as the route's 'metrics' do"),))
        return found

    def _moment(self, message: Outgoing) -> int | None:
        if self.settings.timestamp is None:
            return None
        text = self.settings.timestamp.render(message.scope)
        try:
            return milliseconds(int(text) if text.isdecimal() else text)
        except ValueError as error:
            fault = f"the timestamp {text[:100]!a} is no time: {error}"
            raise Invalid(fault, faults=(Fault("timestamp", fault, "write RFC 3339 with an offset"),)) from error
