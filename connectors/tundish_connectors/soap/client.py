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
from tundish_connectors.soap.messages.envelope import (
    NotSoap,
    content_type,
    envelope_bytes,
    make_envelope,
    open_envelope,
)
from tundish_connectors.soap.messages.faults import is_fault, read_fault
from tundish_connectors.soap.messages.security import Security
from tundish_connectors.soap.settings import SoapConnectionSettings
from tundish_connectors.soap.wire import HttpAnswer, Wire
from tundish_connectors.soap.wsdl.service import Operation, Service

T = TypeVar("T")

_SHOWN = 2000
"""Characters of an answer that are kept for people."""


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
        return await self._workshop.do(lambda: self._reply(operation, answer))

    def _request(self, operation: Operation, record: Value, key: str) -> bytes:
        body = self.service.written(operation.request, record)
        addressed = request_headers(operation.action, self._wire.url, key) if self._settings.addressing else ()
        envelope = make_envelope(self.service.version, body, addressed)
        self._security.apply(envelope)
        return envelope_bytes(envelope)

    def _reply(self, operation: Operation, answer: HttpAnswer) -> Reply:
        """What an answer says, whatever it is."""
        made = _Replies(answer)
        media = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if answer.body is None:
            return made.problem("the answer is longer than 'largest_answer'")
        if media == "multipart/related":
            return made.problem("the answer carries attachments (MTOM, SwA), which are not supported")
        if not answer.body.strip() and (operation.is_one_way or operation.response is None):
            return made.value(None)
        try:
            envelope = open_envelope(answer.body)
        except NotSoap as error:
            return made.problem(f"the answer is no SOAP envelope: {error}")
        if envelope.body is not None and is_fault(envelope.body, envelope.version):
            return Reply(**made.common, fault=read_fault(envelope.body, envelope.version))
        if operation.response is None:
            return made.value(None)
        wanted = str(operation.response.qname.text)
        if envelope.body is None or envelope.body.tag != wanted:
            found = "nothing" if envelope.body is None else str(envelope.body.tag)
            return made.problem(f"the body holds {found}, and the WSDL says {wanted}")
        value, faults = self.service.read(operation.response, envelope.body, check=self._settings.check_answers)
        if faults:
            text = f"the answer does not fit the WSDL: {faults[0].path}: {faults[0].text}"
            return Reply(**made.common, problem=text, faults=faults)
        return made.value(value)


class _Replies:
    """Makes replies of one answer."""

    def __init__(self, answer: HttpAnswer) -> None:
        text = "" if answer.body is None else answer.body[:_SHOWN].decode("utf-8", "replace")
        self.common = {
            "status": answer.status,
            "reason": answer.reason,
            "headers": answer.headers,
            "text": text,
        }

    def value(self, value: Value) -> Reply:
        return Reply(**self.common, value=value)

    def problem(self, text: str) -> Reply:
        return Reply(**self.common, problem=text)
