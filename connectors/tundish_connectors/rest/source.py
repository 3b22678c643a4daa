"""Brings units in: requests that we receive, or answers that we ask for."""

from __future__ import annotations

from collections.abc import Sequence

from tundish.errors import NotConnected
from tundish.faults import Fault
from tundish.sdk import Context, Intake, Source
from tundish_connectors.rest.connection import RestConnection
from tundish_connectors.rest.listening.receiver import Receiver
from tundish_connectors.rest.polling.poller import Poller
from tundish_connectors.rest.settings import RestSourceSettings


class RestSource(Source[RestSourceSettings, RestConnection]):
    """With `path` it is called, with `poll` it asks."""

    def __init__(self, settings: RestSourceSettings, connection: RestConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._receiver: Receiver | None = None
        self._poller: Poller | None = None

    async def open(self) -> None:
        """Answer at the path, or reach the system. Raises Misconfigured, NotConnected or AuthFailed."""
        await self.close()
        if self.settings.poll is not None:
            self._poller = Poller(self.settings.poll, self.connection.client, self.context)
            await self.connection.client.reach()
        elif self.settings.path is not None:
            self._receiver = Receiver(self.settings.method, self.settings.path, self.connection.listener, self.context)
            await self._receiver.open()

    async def close(self) -> None:
        """Answer no more, ask no more."""
        self._poller = None
        if self._receiver is not None:
            self._receiver.close()
            self._receiver = None

    async def probe(self) -> Sequence[Fault]:
        """Open and close; of a poll, ask whether the system would answer. An address is not taken from a daemon."""
        if self.settings.poll is None:
            self.connection.listener  # noqa: B018 - raises where the connection cannot receive
            return ()
        try:
            await self.open()
            return await self._poller.look() if self._poller is not None else ()
        finally:
            await self.close()

    async def run(self, intake: Intake) -> None:
        """Bring units in until cancelled."""
        if self._poller is not None:
            await self._poller.run(intake)
        elif self._receiver is not None:
            await self._receiver.run(intake)
        else:
            raise NotConnected("the source is not open")
