"""Asks a system a question, for `enrich` and `verify`."""

from __future__ import annotations

from collections.abc import Mapping

from tundish.errors import Transient, Unknown
from tundish.model import Receipt
from tundish.sdk import Context, Lookup
from tundish_connectors.rest.calling.answers import finding_of
from tundish_connectors.rest.calling.requests import RequestBuilder
from tundish_connectors.rest.connection import RestConnection
from tundish_connectors.rest.settings import RestLookupSettings


class RestLookup(Lookup[RestLookupSettings, RestConnection]):
    """A GET request."""

    def __init__(self, settings: RestLookupSettings, connection: RestConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        odata = connection.settings.odata
        self._builder = RequestBuilder("GET", settings.path, settings.query, settings.headers, odata=odata)

    async def open(self) -> None:
        """Raises Misconfigured where the connection listens, NotConnected where it is closed."""
        _ = self.connection.client

    async def find(self, scope: Mapping[str, object]) -> Receipt:
        """`status`, `headers`, `body`. Raises Invalid, Rejected, AuthFailed, Throttled or Transient."""
        try:
            answer = await self.connection.client.ask(self._builder.build(scope))
        except Unknown as error:
            # A question changes nothing, so it may be asked again.
            raise Transient(error.text, detail=error.detail) from error
        return finding_of(answer)
