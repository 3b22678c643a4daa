"""What the routes share that use one system: a pool of connections to it, or the address at which it calls us."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tundish.errors import Misconfigured, NotConnected
from tundish.faults import Fault
from tundish.sdk import Connection, Context, tls_faults
from tundish_connectors.rest.calling.checking import faults_of
from tundish_connectors.rest.calling.client import HttpClient
from tundish_connectors.rest.listening.expiry import own_expiry
from tundish_connectors.rest.listening.listener import Listener
from tundish_connectors.rest.settings import RestConnectionSettings


class RestConnection(Connection[RestConnectionSettings]):
    """Calls (`url`) or is called (`listen`)."""

    def __init__(self, settings: RestConnectionSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._client: HttpClient | None = None
        self._listener: Listener | None = None

    async def open(self) -> None:
        """Raises Misconfigured or MissingSecret. An address to listen on is taken by the first route."""
        await self.close()
        if self.settings.url is not None:
            self._client = HttpClient(self.settings.url, self.settings)
        elif self.settings.listen is not None:
            self._listener = Listener(self.settings.listen, self.settings, self.context)
            await self._listener.open()

    async def close(self) -> None:
        """Close every connection; requests that were received are answered first, for a short time."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()
        if self._listener is not None:
            listener, self._listener = self._listener, None
            await listener.close()

    async def check(self) -> Sequence[Fault]:
        """Say where the system is not there, not verified, refuses us, or has another time; or why we cannot listen."""
        faults = list(tls_faults(self.settings.tls))
        if self._client is not None:
            faults += await faults_of(self._client, self.settings.check_path)
        elif self._listener is not None:
            faults += [*own_expiry(self.settings.tls, time.time()), *await self._listener.check()]
        return faults

    @property
    def client(self) -> HttpClient:
        """For destinations and lookups. Raises Misconfigured where this connection listens, NotConnected if closed."""
        if self.settings.url is None:
            raise Misconfigured("a connection with 'listen' cannot send or ask", "use one with 'url'")
        if self._client is None:
            raise NotConnected("the connection is not open")
        return self._client

    @property
    def listener(self) -> Listener:
        """For sources. Raises Misconfigured where this connection calls, NotConnected if closed."""
        if self.settings.listen is None:
            raise Misconfigured("a connection with 'url' cannot receive", "use one with 'listen'")
        if self._listener is None:
            raise NotConnected("the connection is not open")
        return self._listener
