"""Calls an operation for each message; the answer, or the fault, says what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from tundish.model import Outgoing, Receipt, Value
from tundish.sdk import Destination
from tundish_connectors.soap.calling.answers import receipt_of
from tundish_connectors.soap.connection import SoapConnection
from tundish_connectors.soap.settings import SoapDestinationSettings
from tundish_connectors.soap.wsdl.service import Operation


class SoapDestination(Destination[SoapDestinationSettings, SoapConnection]):
    """Holds nothing between calls; the connection has the pool."""

    async def open(self) -> None:
        """Raises Misconfigured where there is no such operation or the connection listens, NotConnected if closed."""
        _ = self.connection.client
        self._operation()

    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """`operation`, `action`, `version` and `xml`, the body as it would be sent, without headers.

        Raises Invalid with every fault of a record that does not fit the WSDL.
        """
        service, operation = self.connection.service, self._operation()
        body = service.written(operation.request, message.record)
        xml = "" if body is None else etree.tostring(body, encoding="unicode")
        return {"operation": operation.name, "action": operation.action, "version": service.version, "xml": xml}

    async def deliver(self, message: Outgoing) -> Receipt:
        """Raises Invalid, Rejected, Duplicate, AuthFailed, Throttled, Transient or Unknown."""
        reply = await self.connection.client.call(
            self._operation(), message.record, message.idempotency_key, len(message.body)
        )
        return receipt_of(reply, self.settings.duplicate_codes)

    def _operation(self) -> Operation:
        return self.connection.service.operation(self.settings.operation)
