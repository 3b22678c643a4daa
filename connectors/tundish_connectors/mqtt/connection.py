"""What the routes share that use one broker: its address, credentials and trust. Each route has its own session."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from tundish.faults import Fault
from tundish.sdk import Connection, Context, client_context, tls_faults
from tundish_connectors.mqtt.session import MqttSession
from tundish_connectors.mqtt.settings import MqttConnectionSettings


class MqttConnection(Connection[MqttConnectionSettings]):
    """Makes sessions. A broker counts, keeps and holds back per session, so routes do not share one."""

    def __init__(self, settings: MqttConnectionSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._tls: ssl.SSLContext | None = None

    async def open(self) -> None:
        """Read certificates. Raises Misconfigured or MissingSecret."""
        self._tls = None if self.settings.tls is None else client_context(self.settings.tls)
        if self.settings.password is not None:
            self.settings.password.reveal()

    async def check(self) -> Sequence[Fault]:
        """Say where the broker is not verified."""
        return tls_faults(self.settings.tls)

    def session(self, component: str) -> MqttSession:
        """A session, not connected yet, under the name of a component (`route/from`), the same in every life."""
        name = "".join(character if character.isalnum() and character.isascii() else "-" for character in component)
        return MqttSession(f"{self.settings.client_id}-{name}", self.settings, self._tls)
