"""What the routes share that use one broker: its address, credentials and trust. Each route has its own connection."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from tundish.faults import Fault
from tundish.sdk import Connection, Context, client_context, tls_faults
from tundish_connectors.amqp.management import QueueFacts, ask
from tundish_connectors.amqp.session import AmqpSession
from tundish_connectors.amqp.settings import AmqpConnectionSettings


class AmqpConnection(Connection[AmqpConnectionSettings]):
    """Makes sessions. A broker that runs short of memory or disk stops reading whole connections, acknowledgements
    with them, so what publishes does not share one with what reads."""

    def __init__(self, settings: AmqpConnectionSettings, context: Context) -> None:
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

    def session(self, component: str) -> AmqpSession:
        """A session, not connected yet, that the broker shows under the name of a component (`route/from`)."""
        return AmqpSession(f"{self.settings.client_name}/{component}", self.settings, self._tls)

    async def facts(self, queue: str) -> QueueFacts | Fault | None:
        """What the management plugin knows about a queue, or why it does not tell; None where it is not asked."""
        if self.settings.management is None:
            return None
        return await ask(self.settings, self.settings.management, self._tls, queue)
