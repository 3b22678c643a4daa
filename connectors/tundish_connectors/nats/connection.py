"""What the routes share that use one cluster: its address, credentials and trust. Each route has its own connection."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from tundish.errors import Misconfigured
from tundish.faults import Fault
from tundish.sdk import Connection, Context, client_context, tls_faults
from tundish_connectors.nats.session import NatsSession
from tundish_connectors.nats.settings import NatsConnectionSettings


class NatsConnection(Connection[NatsConnectionSettings]):
    """Makes sessions. One that is lost takes only its own route with it."""

    def __init__(self, settings: NatsConnectionSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._tls: ssl.SSLContext | None = None

    async def open(self) -> None:
        """Read certificates and secrets. Raises Misconfigured or MissingSecret."""
        settings = self.settings
        self._tls = None if settings.tls is None else client_context(settings.tls)
        for secret in (settings.password, settings.token, settings.nkey_seed):
            if secret is not None:
                secret.reveal()
        if settings.credentials is not None and not settings.credentials.is_file():
            raise Misconfigured(f"there is no file {settings.credentials}", "write one with 'nsc generate creds'")

    async def check(self) -> Sequence[Fault]:
        """Say where the server is not verified."""
        return tls_faults(self.settings.tls)

    def name(self, component: str) -> str:
        """How the server knows a component (`route/from`), the same in every life."""
        name = "".join(character if character.isalnum() and character.isascii() else "-" for character in component)
        return f"{self.settings.client_name}-{name}"

    def session(self, component: str) -> NatsSession:
        """A session, not connected yet."""
        return NatsSession(self.name(component), self.settings, self._tls)
