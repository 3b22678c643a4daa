"""A broker, and the topic that tells everybody there whether the daemon is up."""

from __future__ import annotations

import asyncio
import contextlib

from tundish.errors import AuthFailed, NotConnected
from tundish.sdk import Context
from tundish_connectors._mqtt.connection import BrokerConnection
from tundish_connectors._mqtt.greeting import Greeting, Will
from tundish_connectors._mqtt.session import MqttSession
from tundish_connectors.mqtt.settings import MqttConnectionSettings

_ONLINE, _OFFLINE = b"online", b"offline"
_ANSWER_WITHIN = 2.0
"""Seconds; when the daemon stops, nobody waits longer for a broker."""


class MqttConnection(BrokerConnection[MqttConnectionSettings]):
    """Makes sessions, and has one of its own where a `status_topic` is set."""

    def __init__(self, settings: MqttConnectionSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._status: MqttSession | None = None

    async def open(self) -> None:
        """Read certificates, and say that we are there. Raises what connecting raises."""
        await self.close()
        await super().open()
        if (topic := self.settings.status_topic) and not self.context.probing:
            # Whatever happens to us, the broker tells: that is the will.
            self._status = session = self.session(self.context.name)
            await session.connect(Greeting(will=Will(topic, _OFFLINE)))
            await self._say(session, topic, _ONLINE)
            self.context.start(session.over(), name="status")

    async def close(self) -> None:
        """Say that we are gone; a broker that does not answer says it by itself."""
        session, self._status = self._status, None
        if session is None:
            return
        with contextlib.suppress(NotConnected, AuthFailed):
            if not session.is_over:
                await self._say(session, self.settings.status_topic, _OFFLINE)
        session.close()

    async def _say(self, session: MqttSession, topic: str, state: bytes) -> None:
        """Raises NotConnected or AuthFailed."""
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                reason = await session.publish(topic, state, qos=1, retain=True, properties=None)
        except TimeoutError as error:
            raise NotConnected(f"the broker did not acknowledge the status on '{topic}'") from error
        if reason.is_failure:
            raise AuthFailed(f"the broker refused the status on '{topic}': {reason}; let it be published to")
