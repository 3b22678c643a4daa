"""What the routes share that use one broker: its address, credentials and trust. Each route has its own session."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import TypeVar

from tundish.faults import Fault
from tundish.sdk import Connection, Context, client_context, tls_faults
from tundish_connectors._mqtt.broker import BrokerSettings
from tundish_connectors._mqtt.greeting import client_id_of
from tundish_connectors._mqtt.losses import losses_of
from tundish_connectors._mqtt.session import MqttSession

B = TypeVar("B", bound=BrokerSettings)


class BrokerConnection(Connection[B]):
    """Makes sessions. A broker counts, keeps and holds back per session, so routes do not share one."""

    def __init__(self, settings: B, context: Context) -> None:
        super().__init__(settings, context)
        self._tls: ssl.SSLContext | None = None
        self._has_asked = False

    async def open(self) -> None:
        """Read certificates. Raises Misconfigured or MissingSecret."""
        self._tls = None if self.settings.tls is None else client_context(self.settings.tls)
        if self.settings.password is not None:
            self.settings.password.reveal()

    async def check(self) -> Sequence[Fault]:
        """Say where the broker is not verified and, once in our life, whether it has dropped messages."""
        faults = list(tls_faults(self.settings.tls))
        if not self._has_asked:
            self._has_asked = True
            faults += await losses_of(self.session(f"check-{self.context.name}"))
        return faults

    def session(self, component: str) -> MqttSession:
        """A session, not connected yet, under the name of a component."""
        return MqttSession(client_id_of(self.settings.client_id, component), self.settings, self._tls)
