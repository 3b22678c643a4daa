"""Makes requests to one system: pooled, verified, never beyond its host."""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aiohttp import (
    ClientConnectionError,
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientError,
    ClientHandlerType,
    ClientHttpProxyError,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    ConnectionTimeoutError,
    CookieJar,
    DummyCookieJar,
    TCPConnector,
)
from yarl import URL

from tundish.errors import AuthFailed, NotConnected, Transient, Unknown
from tundish.sdk import WatchedLines, client_context
from tundish_connectors.rest.calling.answers import Answer
from tundish_connectors.rest.calling.credentials import Credentials
from tundish_connectors.rest.calling.csrf import CsrfToken, is_required
from tundish_connectors.rest.calling.requests import HttpRequest
from tundish_connectors.rest.calling.signing import Signer
from tundish_connectors.rest.settings import RestConnectionSettings

_SPARE_LIFE = 10.0
"""Seconds that an unused connection is kept: less than most servers do, so that few are closed as we use them."""
_CONNECTING = 0.9
"""Part of the timeout that may pass until there is a connection, so that a timeout tells whether there was one."""
_SILENT = frozenset({errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH})
"""What the kernel says of a line without a sign of life (tcp(7)), by what the network told it meanwhile."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class HttpClient:
    """A pool of connections to `url`. Made inside a running event loop; closed with `close`."""

    def __init__(self, url: str, settings: RestConnectionSettings) -> None:
        """Raises Misconfigured or MissingSecret."""
        self.url = url
        self.odata = settings.odata
        self._dates = settings.odata == "v2"
        self.zone = ZoneInfo(settings.zone)
        parts = urlsplit(url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._largest = settings.largest_answer
        self._timeout = settings.timeout
        self._proxy = settings.proxy
        self._credentials = Credentials(settings.auth, settings.timeout)
        self._signer = (
            Signer(settings.auth.hmac) if settings.auth is not None and settings.auth.hmac is not None else None
        )
        self._csrf = CsrfToken(settings.csrf) if settings.csrf is not None else None
        # Reading the system's authorities takes longer than many requests, and without TLS nobody asks for them.
        is_plain = parts.scheme == "http" and settings.tls is None
        self.context: ssl.SSLContext | None = None if is_plain else client_context(settings.tls)
        self._lines = WatchedLines()
        connector = TCPConnector(
            limit=settings.max_connections,
            ssl=self.context or True,
            keepalive_timeout=_SPARE_LIFE,
            socket_factory=self._lines.make,
        )
        self._session = ClientSession(
            connector=connector,
            # A token against forged requests belongs to a session, which the system's cookies name.
            cookie_jar=CookieJar(unsafe=True) if self._csrf is not None else DummyCookieJar(),
            timeout=ClientTimeout(total=settings.timeout, connect=settings.timeout * _CONNECTING),
            middlewares=(_waits_once,),
            # An answer is read up to a limit, so it must not be able to swell.
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "tundish"},
        )

    async def close(self) -> None:
        """Close every connection."""
        self._lines.close()
        await self._session.close()

    async def reach(self) -> Mapping[str, Any]:
        """Make a connection, and end it; gives the system's certificate, where it has one that we verified.

        Raises NotConnected where nobody is there, AuthFailed where it is not trusted.
        """
        if self._proxy is not None:
            return {}
        parts = urlsplit(self.url)
        secure = parts.scheme == "https"
        try:
            async with asyncio.timeout(self._timeout):
                _, writer = await asyncio.open_connection(
                    parts.hostname, parts.port or (443 if secure else 80), ssl=self.context if secure else None
                )
        except ssl.SSLError as error:
            raise AuthFailed(f"{self.url} is not trusted: {error}") from error
        except TimeoutError as error:
            raise NotConnected(f"{self.url} cannot be reached within {self._timeout:g} s") from error
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else str(error)
            raise NotConnected(f"{self.url} cannot be reached: {reason}") from error
        certificate: Mapping[str, Any] = writer.get_extra_info("peercert") or {}
        writer.transport.abort()
        return certificate

    def address_of(self, request: HttpRequest) -> str:
        """The whole address of a request."""
        return self._origin + request.link if request.link else self.url + request.target

    async def ask(self, request: HttpRequest, *, largest: int | None = None) -> Answer:
        """Send a request and read the answer, up to `largest` bytes of it (by default the connection's limit).

        Raises Transient where it was certainly not sent, Unknown where it may have been, AuthFailed where the system's
        certificate or the token endpoint says so.
        """
        answer = await self._proven(request, largest)
        if answer.status == 401 and self._credentials.can_be_renewed:
            # A refused request was not carried out, so it may be sent again with a new token.
            self._credentials.forget()
            answer = await self._proven(request, largest)
        if self._csrf is not None and is_required(answer) and request.method not in _SAFE:
            # The session ended; its cookies would only lead back to it.
            self._csrf.forget()
            self._session.cookie_jar.clear()
            answer = await self._proven(request, largest)
        return answer

    async def _proven(self, request: HttpRequest, largest: int | None) -> Answer:
        """Send it with whatever proves where it comes from."""
        headers = await self._credentials.headers(self._session)
        if self._csrf is not None and request.method not in _SAFE:
            token = await self._csrf.token(lambda question: self._signed(question.with_headers(headers), None))
            headers = {**headers, "X-CSRF-Token": token}
        return await self._signed(request.with_headers(headers), largest)

    async def _signed(self, request: HttpRequest, largest: int | None) -> Answer:
        if self._signer is None:
            return await self._send(request, largest)
        target = self.address_of(request).removeprefix(self._origin)
        return await self._send(
            request.with_headers(self._signer.headers(request.method, target, request.body)), largest
        )

    async def _send(self, request: HttpRequest, largest: int | None) -> Answer:
        try:
            return await self._exchange(request, self._largest if largest is None else largest)
        except (ClientConnectorCertificateError, ClientSSLError) as error:
            raise AuthFailed(f"{self.url} is not trusted: {error}") from error
        except (ClientConnectorError, ClientHttpProxyError) as error:
            reason = error.strerror if isinstance(error, ClientConnectorError) else ""
            raise Transient(f"{self.url} cannot be reached: {reason or error}") from error
        except ConnectionTimeoutError as error:
            raise Transient(f"{self.url} cannot be reached within {self._timeout:g} s") from error
        except TimeoutError as error:
            raise Unknown(f"{self._shown(request)}: no answer within {self._timeout:g} s") from error
        except (ClientError, OSError) as error:
            text = f"{self._shown(request)}: the connection broke before the answer: {error or type(error).__name__}"
            raise Unknown(text) from error

    def _shown(self, request: HttpRequest) -> str:
        return f"{request.method} {self.url}{request.path}"

    async def _exchange(self, request: HttpRequest, largest: int) -> Answer:
        async with self._session.request(
            request.method,
            # It is encoded already; encoding it again could only change where it leads.
            URL(self.address_of(request), encoded=True),
            data=request.body or None,
            headers=request.headers,
            allow_redirects=False,
            proxy=self._proxy,
        ) as response:
            body = await _read(response, largest)
            headers = _lower(response)
            return Answer(response.status, response.reason or "", headers, body, self._dates, self.zone)


async def _waits_once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """A request to a system that vanished is not sent again.

    Where a connection breaks, aiohttp sends GET, PUT and DELETE once more (RFC 9112, 9.3.1). That is quick where a
    system closed an unused connection; where it vanished, it would take as long again.
    """
    try:
        return await handler(request)
    except ClientConnectorError:
        raise
    except ClientOSError as error:
        if error.errno not in _SILENT:
            raise
        raise ClientConnectionError("its machine gives no sign of life") from error


async def _read(response: ClientResponse, largest: int) -> bytes | None:
    """The body, or None where it is too long."""
    if response.content_length is not None and response.content_length <= largest:
        return await response.read()
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > largest:
            response.close()
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _lower(response: ClientResponse) -> Mapping[str, str]:
    """The headers with names in lower case; those that came several times as one list (RFC 9110, 5.3)."""
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    return headers
