"""Calls an operation to ask something, for `enrich` and `verify`."""

from __future__ import annotations

from collections.abc import Mapping

from tundish.errors import Transient, Unknown
from tundish.model import Receipt
from tundish.sdk import Lookup
from tundish_connectors.soap.calling.answers import finding_of
from tundish_connectors.soap.connection import SoapConnection
from tundish_connectors.soap.settings import SoapLookupSettings


class SoapLookup(Lookup[SoapLookupSettings, SoapConnection]):
    """An operation that changes nothing."""

    async def open(self) -> None:
        """Raises Misconfigured where there is no such operation or the connection listens, NotConnected if closed."""
        _ = self.connection.client
        self.connection.service.operation(self.settings.operation)

    async def find(self, scope: Mapping[str, object]) -> Receipt:
        """`status`, `headers`, `body`, `fault`. Raises Invalid, Rejected, AuthFailed, Throttled or Transient."""
        arguments = self.settings.arguments.render(scope)
        operation = self.connection.service.operation(self.settings.operation)
        try:
            reply = await self.connection.client.call(operation, arguments, "")
        except Unknown as error:
            # A question changes nothing, so it may be asked again.
            raise Transient(error.text, detail=error.detail) from error
        return finding_of(reply, self.settings.not_found_codes)
