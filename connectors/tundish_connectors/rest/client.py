"""Makes requests to one system: pooled, verified, never beyond its host."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from types import SimpleNamespace

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    TraceConfig,
)
from yarl import URL

from tundish.errors import AuthFailed, Transient, Unknown
from tundish.sdk import client_context
from tundish_connectors.rest.answers import Answer
from tundish_connectors.rest.credentials import Credentials
from tundish_connectors.rest.requests import HttpRequest
from tundish_connectors.rest.settings import RestConnectionSettings

_SPARE_LIFE = 10.0
"""Seconds that an unused connection is kept: less than most servers do, so that few are closed as we use them."""


class HttpClient:
    """A pool of connections to `url`. Made inside a running event loop; closed with `close`."""

    def __init__(self, url: str, settings: RestConnectionSettings) -> None:
        """Raises Misconfigured or MissingSecret."""
        self._url = url
        self._largest = settings.largest_answer
        self._timeout = settings.timeout
        self._credentials = Credentials(settings.auth, settings.timeout)
        context: ssl.SSLContext = client_context(settings.tls)
        connector = TCPConnector(limit=settings.max_connections, ssl=context, keepalive_timeout=_SPARE_LIFE)
        self._session = ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=settings.timeout),
            trace_configs=[_notices_connections()],
            # An answer is read up to a limit, so it must not be able to swell.
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "tundish"},
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def ask(self, request: HttpRequest) -> Answer:
        """Send a request and read the answer.

        Raises Transient where it was certainly not sent, Unknown where it may have been, AuthFailed where the system's
        certificate or the token endpoint says so.
        """
        answer = await self._once(request)
        if answer.status == 401 and self._credentials.can_be_renewed:
            # A refused request was not carried out, so it may be sent again with a new token.
            self._credentials.forget()
            answer = await self._once(request)
        return answer

    async def _once(self, request: HttpRequest) -> Answer:
        credentials = await self._credentials.headers(self._session)
        state = SimpleNamespace(connected=False)
        where = f"{request.method} {self._url}{request.path}"
        try:
            return await self._exchange(request, {**request.headers, **credentials}, state)
        except (ClientConnectorCertificateError, ClientSSLError) as error:
            raise AuthFailed(f"{self._url} is not trusted: {error}") from error
        except ClientConnectorError as error:
            raise Transient(f"{self._url} cannot be reached: {error.strerror or error}") from error
        except TimeoutError as error:
            if not state.connected:
                raise Transient(f"{self._url} cannot be reached within {self._timeout:g} s") from error
            raise Unknown(f"{where}: no answer within {self._timeout:g} s") from error
        except (ClientError, OSError) as error:
            if not state.connected:
                raise Transient(f"{self._url} cannot be reached: {error}") from error
            raise Unknown(f"{where}: the connection broke before the answer: {error}") from error

    async def _exchange(self, request: HttpRequest, headers: Mapping[str, str], state: SimpleNamespace) -> Answer:
        async with self._session.request(
            request.method,
            # It is encoded already; encoding it again could only change where it leads.
            URL(self._url + request.target, encoded=True),
            data=request.body or None,
            headers=headers,
            allow_redirects=False,
            trace_request_ctx=state,
        ) as response:
            body = await self._read(response)
            lower = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, response.reason or "", lower, body)

    async def _read(self, response: ClientResponse) -> bytes | None:
        """The body, or None where it is too long."""
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._largest:
                response.close()
                return None
            chunks.append(chunk)
        return b"".join(chunks)


def _notices_connections() -> TraceConfig:
    """From the moment in which a request has a connection, it may have been sent."""
    trace = TraceConfig()

    async def connected(session: ClientSession, context: SimpleNamespace, params: object) -> None:
        if context.trace_request_ctx is not None:
            context.trace_request_ctx.connected = True

    trace.on_connection_create_end.append(connected)
    trace.on_connection_reuseconn.append(connected)
    return trace
