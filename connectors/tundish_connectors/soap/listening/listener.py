"""One service at one address, for all routes that take operations of it."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote

from lxml import etree

from tundish.errors import Misconfigured
from tundish.sdk import Context, server_context
from tundish.telemetry import Event
from tundish_connectors._http.exchange import Request as HttpRequest
from tundish_connectors._http.exchange import answer_bytes
from tundish_connectors._http.listener import HttpListener
from tundish_connectors.soap.listening.gate import Gate
from tundish_connectors.soap.listening.published import published
from tundish_connectors.soap.listening.requests import Refused, Request, read_request
from tundish_connectors.soap.listening.telling import Told
from tundish_connectors.soap.messages.addressing import reply_headers
from tundish_connectors.soap.messages.envelope import content_type, envelope_bytes, make_envelope
from tundish_connectors.soap.messages.faults import make_fault
from tundish_connectors.soap.settings import SoapConnectionSettings
from tundish_connectors.soap.workshop import Workshop
from tundish_connectors.soap.wsdl.service import Service, Version

_MEDIA = {"text/xml", "application/soap+xml", "application/xml"}
_TEXT = "text/plain; charset=utf-8"


Take = Callable[[Request, HttpRequest], Awaitable[Told]]
"""What a source does with a request that fits the WSDL."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, ready for HTTP."""

    status: int
    media: str = ""
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def encoded(self, *, close: bool, with_body: bool = True) -> bytes:
        """Head and body, to be written at once."""
        return answer_bytes(self.status, self.media, self.body, self.headers, close=close, with_body=with_body)


@dataclass(slots=True)
class _Outcome:
    """How a request is answered, before it is put into HTTP."""

    version: Version
    told: Told
    status: int = 0
    wsse: str = ""
    headers: list[etree._Element] = field(default_factory=list)
    http: tuple[tuple[str, str], ...] = ()


class SoapListener(HttpListener):
    """Listens from the first route on; until then connecting is refused, which every client repeats."""

    def __init__(
        self, address: str, settings: SoapConnectionSettings, service: Service, workshop: Workshop, context: Context
    ) -> None:
        """Raises MissingSecret or Misconfigured."""
        tls = None if settings.tls is None else server_context(settings.tls)
        super().__init__(
            address,
            context,
            tls,
            timeout=settings.timeout,
            largest_body=settings.largest_body,
            max_connections=settings.max_connections,
        )
        self._path = settings.path
        self._service = service
        self._workshop = workshop
        self._gate = Gate(settings.auth)
        self._scheme = "http" if tls is None else "https"
        self._takes: dict[str, Take] = {}

    async def add(self, operation: str, take: Take) -> None:
        """Answer an operation with `take`; the first route takes the address.

        Raises Misconfigured where another route has the operation, NotConnected where the address is taken.
        """
        if operation in self._takes:
            raise Misconfigured(f"two routes take the operation '{operation}' of this connection", "keep one")
        self._takes[operation] = take
        try:
            await self.listen()
        except BaseException:
            del self._takes[operation]
            raise

    def remove(self, operation: str, take: Take) -> None:
        """Answer it no more."""
        if self._takes.get(operation) == take:
            del self._takes[operation]

    # What a connection asks.

    def begin(self, request: HttpRequest) -> Answer | None:
        """The answer to a request that is refused by its head."""
        if unquote(request.path) != self._path:
            return Answer(404, _TEXT, f"the service is at {self._path}\n".encode())
        if not self._gate.admits(request.headers):
            challenge = ("WWW-Authenticate", 'Basic realm="tundish"')
            return Answer(401, _TEXT, b"credentials are missing or wrong\n", (challenge,))
        if request.method not in ("GET", "HEAD", "POST"):
            return Answer(405, headers=(("Allow", "GET, HEAD, POST"),))
        if request.method == "POST" and (foreign := _foreign(request)):
            return self.refusal(request, 415, foreign)
        return None

    async def answer(self, request: HttpRequest) -> Answer:
        """Whatever happens, a client that gets no answer of the operation knows that its message was not accepted."""
        if request.method != "POST":
            return self._document(request)
        try:
            return self._response(await self._taken(request))
        except Refused as refused:
            told = Told(code=refused.code, text=str(refused), faults=refused.faults)
            return self._response(_Outcome(refused.version or _version_of(request), told, wsse=refused.wsse))
        except Exception as error:  # noqa: BLE001 - the client must hear that its message was not accepted
            self._log.error(Event.REQUEST_FAILED, path=request.path, exc_info=error)
            told = Told(code="Server", text="the message was not accepted", retry_after=5.0)
            return self._response(_Outcome(_version_of(request), told))

    def refusal(
        self, request: HttpRequest | None, status: int, error: str, cure: str = "", *headers: tuple[str, str]
    ) -> Answer:
        """What is wrong, as a fault."""
        version = "1.1" if request is None else _version_of(request)
        told = Told(code="Client" if status < 500 else "Server", text=f"{error}; {cure}" if cure else error)
        return self._response(_Outcome(version, told, status=status, http=headers))

    def _document(self, request: HttpRequest) -> Answer:
        query = parse_qsl(request.query, keep_blank_values=True)
        wanted = {name.lower(): value for name, value in query}.get("wsdl")
        address = f"{self._scheme}://{request.headers.get('host', '')}{self._path}"
        text = published(self._service.documents, wanted, address) if wanted is not None else None
        if text is None:
            return Answer(404, _TEXT, f"the WSDL is at {address}?wsdl\n".encode())
        return Answer(200, "text/xml; charset=utf-8", text)

    async def _taken(self, http: HttpRequest) -> _Outcome:
        body, action, now = http.body, action_of(http), datetime.now(UTC)
        request = await self._workshop.do(lambda: read_request(body, action, self._service, self._gate, now), len(body))
        envelope, operation = request.envelope, request.operation
        take = self._takes.get(operation.name)
        if take is None:
            text = f"no route takes the operation '{operation.name}' now"
            return _Outcome(envelope.version, Told(code="Server", text=text, retry_after=5.0))
        told = await take(request, http)
        addressed = reply_headers(envelope.headers, f"{operation.action}Response" if operation.action else "")
        status = 202 if operation.is_one_way and told.code is None else 0
        return _Outcome(envelope.version, told, status=status, headers=addressed)

    def _response(self, outcome: _Outcome) -> Answer:
        told, version, headers = outcome.told, outcome.version, outcome.http
        if told.retry_after is not None:
            headers = (*headers, ("Retry-After", str(max(1, math.ceil(told.retry_after)))))
        if outcome.status == 202:
            return Answer(202, headers=headers)
        status = outcome.status or 200
        body = told.body
        if told.code is not None:
            body = make_fault(version, told.code, told.text, told.faults, outcome.wsse)
            status = outcome.status or _status(version, told)
        text = envelope_bytes(make_envelope(version, body, outcome.headers))
        return Answer(status, content_type(version), text, headers)


def action_of(request: HttpRequest) -> str:
    """The SOAPAction, which 1.2 has in the content type."""
    found = request.headers.get("soapaction")
    if found is None:
        for parameter in request.headers.get("content-type", "").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "action":
                found = value
    return (found or "").strip().strip('"')


def _version_of(request: HttpRequest) -> Version:
    """The version in which a client is told what it did not even get through with."""
    return "1.2" if "soap+xml" in request.headers.get("content-type", "") else "1.1"


def _foreign(request: HttpRequest) -> str:
    """Why the media type of a request is not taken; empty where it is."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == "multipart/related":
        return "attachments (MTOM, SwA) are not taken"
    if media not in _MEDIA:
        return f"'{media}' is not taken; send text/xml or application/soap+xml"
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        return "compressed messages are not taken"
    return ""


def _status(version: Version, told: Told) -> int:
    """SOAP 1.1, 6.2: every fault is 500; SOAP 1.2 part 2, 7.5.2: a sender's fault is 400. 503 says: come back."""
    if told.retry_after is not None:
        return 503
    return 400 if version == "1.2" and told.code == "Client" else 500
