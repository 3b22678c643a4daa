"""Asks a system a question, for `enrich` and `verify`."""

from __future__ import annotations

from collections.abc import Mapping

from tundish.errors import Transient, Unknown
from tundish.model import Receipt
from tundish.sdk import Lookup
from tundish_connectors.rest.answers import finding_of
from tundish_connectors.rest.connection import RestConnection
from tundish_connectors.rest.requests import build_request
from tundish_connectors.rest.settings import RestLookupSettings


class RestLookup(Lookup[RestLookupSettings, RestConnection]):
    """A GET request."""

    async def open(self) -> None:
        """Raises Misconfigured where the connection listens, NotConnected where it is closed."""
        _ = self.connection.client

    async def find(self, scope: Mapping[str, object]) -> Receipt:
        """`status`, `headers`, `body`. Raises Invalid, Rejected, AuthFailed, Throttled or Transient."""
        settings = self.settings
        request = build_request("GET", settings.path, settings.query, settings.headers, scope)
        try:
            answer = await self.connection.client.ask(request)
        except Unknown as error:
            # A question changes nothing, so it may be asked again.
            raise Transient(error.text, detail=error.detail) from error
        return finding_of(answer)
