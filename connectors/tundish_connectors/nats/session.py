"""One connection to a NATS server, for one component; it is never made anew by itself, so that nothing outlives it.

All private names of nats-py that are used stand in this file.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar, cast

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error, NoRespondersError
from nats.js import JetStreamContext
from nats.js.api import PubAck
from nats.js.errors import APIError, ServiceUnavailableError

from tundish.errors import AuthFailed, Misconfigured, NotConnected, TundishError
from tundish.sdk import split_address
from tundish_connectors.nats.settings import NatsConnectionSettings

T = TypeVar("T")

_LOOK = 0.5
"""Seconds between looks at whether the server is still there."""
_FAREWELL = 1.0
"""Seconds that saying goodbye may take; on a half-open line it never ends."""
_REFUSALS = ("authorization", "authentication", "user authentication")
"""How the server's errors begin that refuse a client; its protocol has no codes (NATS client protocol, -ERR)."""


class _NotEncrypted(Error):
    """The server needs no TLS, and nats-py would go on in clear text."""


class _Client(Client):
    """Sends no credentials in clear text where TLS was asked for, and can be cut."""

    def _connect_command(self) -> bytes:
        if "tls" in self.options and not self._server_info.get("tls_required"):
            raise _NotEncrypted
        made: bytes = super()._connect_command()
        return made

    def cut(self) -> None:
        """End the connection at once, whatever is still to be sent."""
        writer = getattr(self._transport, "_io_writer", None)
        if isinstance(writer, asyncio.StreamWriter):
            writer.transport.abort()


class NatsSession:
    """A connection that is made once, and then lost or closed."""

    def __init__(self, name: str, settings: NatsConnectionSettings, tls: ssl.SSLContext | None) -> None:
        self.name = name
        self._settings = settings
        self._tls = tls
        self._client: _Client | None = None
        self._ended: str | None = None
        self._waiting: set[asyncio.Timeout] = set()
        self._over = asyncio.Event()
        self._said: Exception | None = None
        self.denied: str = ""
        """The last right that the server said we do not have."""

    async def connect(self) -> None:
        """Connect to the first host that takes us. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        logging.getLogger("nats").setLevel(logging.CRITICAL)
        reasons: list[str] = []
        for address in self._settings.hosts:
            try:
                return await self._connect(address)
            except NotConnected as error:
                reasons.append(str(error))
        raise NotConnected("; ".join(reasons))

    async def _connect(self, address: str) -> None:
        host, port = split_address(address, 4222)
        where = f"{host}:{port}"
        client = _Client()
        self._said = None
        server = f"nats://[{host}]:{port}" if ":" in host else f"nats://{host}:{port}"
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                await client.connect(
                    [server],
                    name=self.name,
                    error_cb=self._on_error,
                    closed_cb=self._on_closed,
                    allow_reconnect=False,
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    connect_timeout=max(1, int(self._settings.connect_timeout)),
                    ping_interval=int(self._settings.ping),
                    max_outstanding_pings=2,
                    flush_timeout=self._settings.connect_timeout,
                    inbox_prefix=self._settings.inbox_prefix,
                    tls=self._tls,
                    tls_hostname=host if self._tls is not None else None,
                    **self._credentials(),
                )
        except (TimeoutError, Error, OSError, ValueError) as error:
            client.cut()
            raise self._not_connected(where, error) from error
        self._client = client

    def _not_connected(self, where: str, error: Exception) -> TundishError:
        cause = self._said if isinstance(self._said, ssl.SSLError | OSError) else error
        if isinstance(cause, ssl.SSLError):
            return AuthFailed(f"the server at {where} is not trusted: {cause}")
        if isinstance(error, _NotEncrypted):
            cure = "let it require TLS, or remove 'tls'"
            return Misconfigured(f"the server at {where} does not encrypt", cure)
        if str(error).removeprefix("nats: ").strip("'\" ").lower().startswith(_REFUSALS):
            return AuthFailed(f"the server at {where} refused the credentials: {error}")
        if isinstance(error, TimeoutError) and not str(cause):
            return NotConnected(f"the server at {where} does not answer")
        return NotConnected(f"the server at {where} cannot be reached: {cause or type(cause).__name__}")

    def _credentials(self) -> dict[str, Any]:
        settings = self._settings
        found: dict[str, Any] = {}
        if settings.username is not None and settings.password is not None:
            found |= {"user": settings.username, "password": settings.password.reveal()}
        if settings.token is not None:
            found["token"] = settings.token.reveal()
        if settings.nkey_seed is not None:
            found["nkeys_seed_str"] = settings.nkey_seed.reveal()
        if settings.credentials is not None:
            found["user_credentials"] = str(settings.credentials)
        return found

    async def _on_error(self, error: Exception) -> None:
        if "permissions violation" in str(error).lower():
            self.denied = str(error)
        else:
            self._said = error

    @property
    def _open(self) -> _Client:
        self._require()
        return cast("_Client", self._client)

    @property
    def _gone(self) -> str | None:
        if self._ended is not None:
            return self._ended
        client = self._client
        if client is None:
            return "the server is not connected"
        if client.is_closed or not client.is_connected:
            return f"the server is gone: {client.last_error or self._said or 'it closed the connection'}"
        return None

    @property
    def is_over(self) -> bool:
        """Nothing can be sent any more."""
        return self._gone is not None

    @property
    def jetstream(self) -> JetStreamContext:
        """What manages streams. Raises NotConnected."""
        return self._open.jetstream(domain=self._settings.domain, timeout=self._settings.connect_timeout)

    @property
    def api(self) -> str:
        """How the subjects of JetStream's own services begin."""
        return f"$JS.{self._settings.domain}.API" if self._settings.domain else "$JS.API"

    async def asked(self, question: Awaitable[T]) -> T:
        """What JetStream answers. Raises NotConnected without an answer, AuthFailed without the right to ask, and
        APIError where it refuses."""
        try:
            return await question
        except (ServiceUnavailableError, NoRespondersError) as error:
            raise NotConnected("JetStream does not answer: is it enabled on the server, for this account?") from error
        except APIError:
            raise
        except TimeoutError as error:
            if self.denied:
                raise AuthFailed(f"the server refused: {self.denied}") from error
            raise NotConnected("JetStream does not answer") from error
        except (Error, OSError) as error:
            raise NotConnected(f"the server is gone: {error}") from error

    def inbox(self) -> str:
        """A subject that nobody else knows."""
        return self._open.new_inbox()

    async def subscribe(self, subject: str) -> Subscription:
        """Receive what is sent to a subject, however much waits. Raises NotConnected."""
        return await self.asked(self._open.subscribe(subject, pending_msgs_limit=0, pending_bytes_limit=0))

    async def next(self, subscription: Subscription) -> Msg:
        """The next message, for ever if need be; those that arrive together are given together."""
        return await subscription._pending_queue.get()  # noqa: SLF001 - `next_msg` makes a task for each message

    async def send(self, subject: str, payload: bytes, *, reply: str = "") -> None:
        """Publish without waiting for anything. Raises NotConnected."""
        try:
            await self._open.publish(subject, payload, reply=reply)
        except (Error, OSError) as error:
            raise NotConnected(f"the server is gone: {error}") from error
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # nats-py swallows a cancellation that meets it while it flushes.
            raise asyncio.CancelledError

    async def publish(
        self, subject: str, body: bytes, headers: dict[str, str], stream: str | None, within: float
    ) -> PubAck:
        """Publish and wait for a stream. Raises NotConnected, and what nats-py raises."""
        jetstream = self.jetstream
        try:
            async with asyncio.timeout(within) as patience:
                self._waiting.add(patience)
                return await jetstream.publish(subject, body, timeout=within + 1, stream=stream, headers=headers)
        except TimeoutError as error:
            if (gone := self._gone) is not None:
                raise NotConnected(gone) from error
            raise
        finally:
            self._waiting.discard(patience)

    async def alive(self) -> None:
        """Come back after a short while. Raises NotConnected when the connection has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK):
                await self._over.wait()
        self._require()

    def _require(self) -> None:
        if (gone := self._gone) is not None:
            self._over.set()
            raise NotConnected(gone)

    async def _on_closed(self) -> None:
        self._over.set()

    def abandon(self, reason: str) -> NotConnected:
        """Give the connection up without a farewell. Gives what to raise."""
        self._ended = reason
        if self._client is not None:
            self._client.cut()
        return NotConnected(reason)

    async def flush(self) -> None:
        """Send what waits to be sent; never raises."""
        with suppress(TimeoutError, Error, OSError, NotConnected):
            async with asyncio.timeout(_FAREWELL):
                await self._open.flush()

    async def close(self) -> None:
        """Say goodbye and close; never raises, and may be called twice."""
        client, self._client = self._client, None
        if client is None:
            return
        # nats-py lets whoever waits for an answer wait on; nothing more comes.
        for patience in tuple(self._waiting):
            patience.reschedule(0)
        with suppress(TimeoutError, Error, OSError):
            async with asyncio.timeout(_FAREWELL):
                await client.close()
        client.cut()
