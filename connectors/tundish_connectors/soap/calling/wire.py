"""Carries envelopes to one address and back: pooled, verified, never redirected, with a deadline for all of it.

zeep's own transport is synchronous, waits for ever by default, and keeps a changed timeout after an exception; and a
thread that waits for an answer cannot be ended. So requests are made here, in the daemon's loop.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import urlsplit

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

from tundish.errors import AuthFailed, NotConnected, Transient, Unknown
from tundish.sdk import WatchedLines, client_context
from tundish_connectors.soap.settings import SoapConnectionSettings

_SPARE_LIFE = 10.0
"""Seconds that an unused connection is kept: less than most servers do, so that few are closed as we use them."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back."""

    status: int
    reason: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes | None
    """None where it is longer than `largest_answer`."""


class Wire:
    """A pool of connections to `url`. Made inside a running event loop; closed with `close`."""

    def __init__(self, url: str, settings: SoapConnectionSettings) -> None:
        """Raises Misconfigured or MissingSecret."""
        self.url = url
        self._largest = settings.largest_answer
        self._connect, self._total = settings.timeout, settings.operation_timeout
        self._tls: ssl.SSLContext = client_context(settings.tls)
        # aiohttp cancels whoever waits for a connection of its own pool when that is closed, as if a task were ended.
        self._slots = asyncio.Semaphore(settings.max_connections)
        self._lines = WatchedLines()
        self._session = ClientSession(
            connector=TCPConnector(
                limit=0, ssl=self._tls, keepalive_timeout=_SPARE_LIFE, socket_factory=self._lines.make
            ),
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=self._total, sock_connect=self._connect),
            trace_configs=[_notices_connections()],
            # An answer is read up to a limit, so it must not be able to swell.
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "tundish", **_basic(settings)},
        )

    async def reach(self) -> str:
        """Connect, send nothing, and say when the service's certificate ends, as OpenSSL writes it; empty without one.

        Raises NotConnected, AuthFailed where the service is not trusted.
        """
        parts = urlsplit(self.url)
        is_safe = parts.scheme == "https"
        port = parts.port or (443 if is_safe else 80)
        try:
            async with asyncio.timeout(self._connect):
                _, writer = await asyncio.open_connection(parts.hostname, port, ssl=self._tls if is_safe else None)
        except ssl.SSLError as error:
            raise AuthFailed(f"{self.url} is not trusted: {error}") from error
        except TimeoutError as error:
            raise NotConnected(f"{self.url} cannot be reached within {self._connect:g} s (timeout)") from error
        except OSError as error:
            raise NotConnected(f"{self.url} cannot be reached: {_said(error)}") from error
        certificate = writer.get_extra_info("peercert")
        writer.transport.abort()
        return str(certificate.get("notAfter", "")) if certificate else ""

    async def close(self) -> None:
        """Close every connection."""
        self._lines.close()
        await self._session.close()

    async def get(self) -> HttpAnswer:
        """Look at the address. Raises as `post` does."""
        return await self._ask("GET", None, {})

    async def post(self, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """Send a request and read the answer.

        Raises Transient where it was certainly not sent, Unknown where it may have been, AuthFailed where the service's
        certificate says so.
        """
        return await self._ask("POST", body, headers)

    async def _ask(self, method: str, body: bytes | None, headers: Mapping[str, str]) -> HttpAnswer:
        try:
            # Before Python 3.12, `wait_for` swallows a cancellation that comes as the wait ends.
            async with asyncio.timeout(self._total):
                await self._slots.acquire()
        except TimeoutError as error:
            raise Transient(f"{self.url}: no connection was free within {self._total:g} s (max_connections)") from error
        try:
            return await self._once(method, body, headers)
        finally:
            self._slots.release()

    async def _once(self, method: str, body: bytes | None, headers: Mapping[str, str]) -> HttpAnswer:
        state = SimpleNamespace(connected=False)
        if self._session.closed:
            raise Transient(f"{self.url}: the connection is closed")
        try:
            return await self._exchange(method, body, headers, state)
        except (ClientConnectorCertificateError, ClientSSLError) as error:
            raise AuthFailed(f"{self.url} is not trusted: {error}") from error
        except ClientConnectorError as error:
            raise Transient(f"{self.url} cannot be reached: {_said(error.os_error)}") from error
        except TimeoutError as error:
            if not state.connected:
                limit = f"{min(self._connect, self._total):g} s"
                raise Transient(f"{self.url} cannot be reached within {limit} (timeout)") from error
            raise Unknown(f"{self.url}: no answer within {self._total:g} s (operation_timeout)") from error
        except (ClientError, OSError) as error:
            if not state.connected:
                raise Transient(f"{self.url} cannot be reached: {error}") from error
            raise Unknown(f"{self.url}: the connection broke before the answer: {error}") from error

    async def _exchange(
        self, method: str, body: bytes | None, headers: Mapping[str, str], state: SimpleNamespace
    ) -> HttpAnswer:
        async with self._session.request(
            method,
            URL(self.url, encoded=True),
            data=body,
            headers=headers,
            allow_redirects=False,
            trace_request_ctx=state,
        ) as response:
            lower = {name.lower(): value for name, value in response.headers.items()}
            return HttpAnswer(response.status, response.reason or "", lower, await self._read(response))

    async def _read(self, response: ClientResponse) -> bytes | None:
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._largest:
                response.close()
                return None
            chunks.append(chunk)
        return b"".join(chunks)


def _said(error: OSError) -> str:
    """In the words of the system; asyncio has its own for some."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)


def _basic(settings: SoapConnectionSettings) -> dict[str, str]:
    basic = settings.auth.basic if settings.auth is not None else None
    if basic is None:
        return {}
    return {"Authorization": f"Basic {b64encode(f'{basic.username}:{basic.password.reveal()}'.encode()).decode()}"}


def _notices_connections() -> TraceConfig:
    """From the moment in which a request has a connection, it may have been sent."""
    trace = TraceConfig()

    async def connected(session: ClientSession, context: SimpleNamespace, params: object) -> None:
        context.trace_request_ctx.connected = True

    trace.on_connection_create_end.append(connected)
    trace.on_connection_reuseconn.append(connected)
    return trace
