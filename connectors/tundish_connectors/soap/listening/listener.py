"""One service at one address, for all routes that take operations of it."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from lxml import etree
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from tundish.errors import Misconfigured
from tundish.sdk import Logger, server_context
from tundish.telemetry import Event
from tundish_connectors._http.server import BodyTooLong, HttpServer, read_body
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


Take = Callable[[Request, HttpRequest], Awaitable[Told]]
"""What a source does with a request that fits the WSDL."""


@dataclass(slots=True)
class _Outcome:
    """How a request is answered, before it is put into HTTP."""

    version: Version
    told: Told
    status: int = 0
    wsse: str = ""
    headers: list[etree._Element] = field(default_factory=list)


class SoapListener:
    """Listens from the first route on; until then connecting is refused, which every client repeats."""

    def __init__(self, settings: SoapConnectionSettings, service: Service, workshop: Workshop, log: Logger) -> None:
        """Raises MissingSecret or Misconfigured."""
        self._settings = settings
        self._service = service
        self._workshop = workshop
        self._log = log
        self._gate = Gate(settings.auth)
        tls = None if settings.tls is None else server_context(settings.tls)
        self._scheme = "http" if tls is None else "https"
        self._server = HttpServer(
            settings.listen or "", self._serve, tls, timeout=settings.timeout, max_connections=settings.max_connections
        )
        self._takes: dict[str, Take] = {}

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._server.port

    async def close(self) -> None:
        """Take no more connections, answer what was received, and close."""
        await self._server.close()

    async def add(self, operation: str, take: Take) -> None:
        """Answer an operation with `take`; the first route takes the address.

        Raises Misconfigured where another route has the operation, NotConnected where the address is taken.
        """
        if operation in self._takes:
            raise Misconfigured(f"two routes take the operation '{operation}' of this connection", "keep one")
        await self._server.open()
        self._takes[operation] = take
        await self._server.listen()

    def remove(self, operation: str, take: Take) -> None:
        """Answer it no more."""
        if self._takes.get(operation) == take:
            del self._takes[operation]

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application."""
        request = HttpRequest(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            response = Response(status_code=400)
        except Exception as error:  # noqa: BLE001 - the client must hear that its message was not accepted
            self._log.error(Event.REQUEST_FAILED, path=request.url.path, exc_info=error)
            told = Told(code="Server", text="the message was not accepted", retry_after=5.0)
            response = self._response(_Outcome(_version_of(request), told))
        await response(scope, receive, send)

    async def _answer(self, request: HttpRequest) -> Response:
        if request.url.path != self._settings.path:
            return Response(f"the service is at {self._settings.path}\n", 404, media_type="text/plain")
        if not self._gate.admits(request.headers):
            return Response("credentials are missing or wrong\n", 401, {"WWW-Authenticate": 'Basic realm="tundish"'})
        if request.method in ("GET", "HEAD"):
            return self._document(request)
        if request.method != "POST":
            return Response(status_code=405, headers={"Allow": "GET, HEAD, POST"})
        return self._response(await self._outcome(request))

    def _document(self, request: HttpRequest) -> Response:
        wanted = {name.lower(): value for name, value in request.query_params.items()}.get("wsdl")
        address = f"{self._scheme}://{request.headers.get('host', '')}{self._settings.path}"
        text = published(self._service.documents, wanted, address) if wanted is not None else None
        if text is None:
            return Response(f"the WSDL is at {address}?wsdl\n", 404, media_type="text/plain")
        return Response(text, media_type="text/xml; charset=utf-8")

    async def _outcome(self, request: HttpRequest) -> _Outcome:
        version = _version_of(request)
        if foreign := _foreign(request):
            return _refusal(version, 415, foreign)
        try:
            body = await read_body(request, self._settings.largest_body, self._settings.timeout)
        except BodyTooLong:
            return _refusal(version, 413, f"the message is longer than {self._settings.largest_body} bytes")
        except TimeoutError:
            return _refusal(version, 408, "the message did not come in time")
        try:
            return await self._taken(request, body)
        except Refused as refused:
            told = Told(code=refused.code, text=str(refused), faults=refused.faults)
            return _Outcome(refused.version or version, told, wsse=refused.wsse)

    async def _taken(self, http: HttpRequest, body: bytes) -> _Outcome:
        action, now = action_of(http), datetime.now(UTC)
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

    def _response(self, outcome: _Outcome) -> Response:
        told, version = outcome.told, outcome.version
        headers = {"Date": formatdate(usegmt=True)}
        if told.retry_after is not None:
            headers["Retry-After"] = str(max(1, math.ceil(told.retry_after)))
        if outcome.status in (408, 413):
            headers["Connection"] = "close"
        if outcome.status == 202:
            return Response(status_code=202, headers=headers)
        status = outcome.status or 200
        body = told.body
        if told.code is not None:
            body = make_fault(version, told.code, told.text, told.faults, outcome.wsse)
            status = outcome.status or _status(version, told)
        text = envelope_bytes(make_envelope(version, body, outcome.headers))
        return Response(text, status, headers, media_type=content_type(version))


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


def _refusal(version: Version, status: int, text: str) -> _Outcome:
    return _Outcome(version, Told(code="Client", text=text), status=status)


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
