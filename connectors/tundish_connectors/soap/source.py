"""Brings messages in: requests of an operation that we serve, or answers of one that we call."""

from __future__ import annotations

from typing import Protocol

from tundish.errors import Misconfigured, NotConnected
from tundish.sdk import Context, Intake, Source
from tundish_connectors.soap.connection import SoapConnection
from tundish_connectors.soap.listening.taking import Taking
from tundish_connectors.soap.poller import Poller
from tundish_connectors.soap.settings import SoapSourceSettings


class _Way(Protocol):
    """One of the two ways in which messages come."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def run(self, intake: Intake) -> None: ...


class SoapSource(Source[SoapSourceSettings, SoapConnection]):
    """One operation: served where the connection listens, called with `poll`."""

    def __init__(self, settings: SoapSourceSettings, connection: SoapConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._way: _Way | None = None

    async def open(self) -> None:
        """Raises Misconfigured where settings and connection do not go together, NotConnected where that is closed."""
        await self.close()
        operation = self.connection.service.operation(self.settings.operation)
        way: _Way
        if self.settings.poll is not None:
            if self.connection.settings.listen is not None:
                raise Misconfigured("'poll' calls a service, and the connection has 'listen'", "use one without")
            way = Poller(self.settings.poll, operation, self.connection.client, self.context.log)
        else:
            way = Taking(self.settings, operation, self.connection.service, self.connection.listener)
        self._way = way
        await way.open()

    async def close(self) -> None:
        """Answer and call no more."""
        if self._way is not None:
            way, self._way = self._way, None
            await way.close()

    async def run(self, intake: Intake) -> None:
        """Receive until cancelled. Raises NotConnected where a service that is called is gone."""
        if self._way is None:
            raise NotConnected("the source is not open")
        await self._way.run(intake)
