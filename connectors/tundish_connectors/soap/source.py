"""Brings messages in: requests of an operation that we serve, or answers of one that we call."""

from __future__ import annotations

from collections.abc import Sequence

from tundish.errors import Misconfigured, NotConnected
from tundish.faults import Fault
from tundish.sdk import Context, Intake, Source
from tundish_connectors.soap.connection import SoapConnection
from tundish_connectors.soap.listening.taking import Taking
from tundish_connectors.soap.polling.poller import Poller
from tundish_connectors.soap.settings import SoapSourceSettings


class SoapSource(Source[SoapSourceSettings, SoapConnection]):
    """One operation: served where the connection listens, called with `poll`."""

    def __init__(self, settings: SoapSourceSettings, connection: SoapConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._way: Poller | Taking | None = None

    async def open(self) -> None:
        """Raises Misconfigured where settings and connection do not go together, NotConnected or AuthFailed."""
        await self.close()
        self._way = self._made()
        await self._way.open()

    async def probe(self) -> Sequence[Fault]:
        """Look at operation and `response`, and reach a service that is called. No address is taken from a daemon."""
        way = self._made()
        if isinstance(way, Taking):
            way.look()
        else:
            await way.open()
        return ()

    def _made(self) -> Poller | Taking:
        operation = self.connection.service.operation(self.settings.operation)
        if self.settings.poll is None:
            return Taking(self.settings, operation, self.connection.service, self.connection.listener)
        if self.connection.settings.listen is not None:
            raise Misconfigured("'poll' calls a service, and the connection has 'listen'", "use one without")
        return Poller(self.settings.poll, operation, self.connection.client, self.context.log)

    async def close(self) -> None:
        """Answer and call no more."""
        if self._way is not None:
            way, self._way = self._way, None
            await way.close()

    async def run(self, intake: Intake) -> None:
        """Receive until cancelled.

        Raises NotConnected where a service that is called is gone, AuthFailed or Misconfigured where it cannot be used.
        """
        if self._way is None:
            raise NotConnected("the source is not open")
        await self._way.run(intake)
