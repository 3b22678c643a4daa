"""Calls operations: XML is made and read in the workshop, the wire belongs to the daemon's loop."""

from __future__ import annotations

from collections.abc import Sequence

from tundish.faults import Fault
from tundish.model import Value
from tundish_connectors.soap.calling.answers import Reply
from tundish_connectors.soap.calling.looking import look
from tundish_connectors.soap.calling.replies import reply_of
from tundish_connectors.soap.calling.wire import Wire
from tundish_connectors.soap.messages.addressing import request_headers
from tundish_connectors.soap.messages.envelope import content_type, envelope_bytes, make_envelope
from tundish_connectors.soap.messages.security import Security
from tundish_connectors.soap.settings import SoapConnectionSettings
from tundish_connectors.soap.workshop import LARGE, Workshop
from tundish_connectors.soap.wsdl.service import Operation, Service


class SoapClient:
    """Calls the operations of a service. Closed with `close`."""

    def __init__(
        self, url: str, service: Service, settings: SoapConnectionSettings, security: Security, workshop: Workshop
    ) -> None:
        """Raises MissingSecret or Misconfigured."""
        self.service = service
        self._settings = settings
        self._security = security
        self._workshop = workshop
        self._wire = Wire(url, settings)

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.close()

    async def reach(self) -> None:
        """Connect and send nothing. Raises NotConnected, AuthFailed where the service is not trusted."""
        await self._wire.reach()

    async def look(self) -> Sequence[Fault]:
        """What is wrong with the service, seen without calling an operation; within a few seconds."""
        return await look(self._wire, self._settings)

    async def call(self, operation: Operation, record: Value, key: str, size: int = 0) -> Reply:
        """Call an operation; the key is the same at every attempt, and the size about that of the record.

        Raises Invalid with every fault of a record that does not fit the WSDL, Transient where nothing was sent,
        Unknown where something may have been, AuthFailed where the service is not trusted.
        """
        # Signing takes longer than writing.
        size = LARGE if self._security.signs else size
        body = await self._workshop.do(lambda: self._request(operation, record, key), size)
        headers = {"Content-Type": content_type(self.service.version, operation.action)}
        if self.service.version == "1.1":
            headers["SOAPAction"] = f'"{operation.action}"'
        if key:
            headers["Idempotency-Key"] = key
        answer = await self._wire.post(body, headers)
        size, check = len(answer.body or b""), self._settings.check_answers
        return await self._workshop.do(lambda: reply_of(answer, operation, self.service, check=check), size)

    def _request(self, operation: Operation, record: Value, key: str) -> bytes:
        body = self.service.written(operation.request, record)
        addressed = request_headers(operation.action, self._wire.url, key) if self._settings.addressing else ()
        envelope = make_envelope(self.service.version, body, addressed)
        self._security.apply(envelope)
        return envelope_bytes(envelope)
