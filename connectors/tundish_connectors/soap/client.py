"""Calls operations: XML is made and read in a thread of its own, the wire belongs to the daemon's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tundish.errors import Transient
from tundish.model import Value
from tundish_connectors.soap.answers import Reply
from tundish_connectors.soap.messages.addressing import request_headers
from tundish_connectors.soap.messages.envelope import content_type, envelope_bytes, make_envelope
from tundish_connectors.soap.messages.security import Security
from tundish_connectors.soap.replies import reply_of
from tundish_connectors.soap.settings import SoapConnectionSettings
from tundish_connectors.soap.wire import Wire
from tundish_connectors.soap.wsdl.service import Operation, Service

T = TypeVar("T")


class Workshop:
    """The one thread in which XML is made and read: large messages must not stop the loop, and zeep serves one thread.

    Owned by a connection, ended by `close`.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._closed = False

    async def do(self, work: Callable[[], T]) -> T:
        """What the work gives, or raises. Raises Transient where the workshop is closed."""
        if self._closed:
            raise Transient("the connection is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Take nothing more. The thread ends after what is in hand, which waits for nobody."""
        self._closed = True
        self._thread.shutdown(wait=False)


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

    async def call(self, operation: Operation, record: Value, key: str) -> Reply:
        """Call an operation; the key is the same at every attempt.

        Raises Invalid with every fault of a record that does not fit the WSDL, Transient where nothing was sent,
        Unknown where something may have been, AuthFailed where the service is not trusted.
        """
        body = await self._workshop.do(lambda: self._request(operation, record, key))
        headers = {"Content-Type": content_type(self.service.version, operation.action)}
        if self.service.version == "1.1":
            headers["SOAPAction"] = f'"{operation.action}"'
        if key:
            headers["Idempotency-Key"] = key
        answer = await self._wire.post(body, headers)
        return await self._workshop.do(
            lambda: reply_of(answer, operation, self.service, check=self._settings.check_answers)
        )

    def _request(self, operation: Operation, record: Value, key: str) -> bytes:
        body = self.service.written(operation.request, record)
        addressed = request_headers(operation.action, self._wire.url, key) if self._settings.addressing else ()
        envelope = make_envelope(self.service.version, body, addressed)
        self._security.apply(envelope)
        return envelope_bytes(envelope)
