"""One connection to the broker, for one component, from its first byte to its end; it is never made anew by itself.

An acknowledgement belongs to the channel that brought the message. A connection that were made again silently would
let an old acknowledgement destroy a new message that has the same number.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, NoReturn, TypeVar, cast

from aiormq import Connection
from aiormq.channel import Channel
from aiormq.connection import TransportFactory
from aiormq.exceptions import AMQPError, ConnectionClosed
from pamqp.exceptions import PAMQPException
from yarl import URL

from tundish.errors import AuthFailed, NotConnected, TundishError
from tundish.sdk import split_address
from tundish_connectors.amqp.reasons import not_connected, said
from tundish_connectors.amqp.settings import AmqpConnectionSettings

T = TypeVar("T")

_LOOK = 0.5
"""Seconds between looks at whether the peer is still there."""
_FAREWELL = 1.0
"""Seconds that saying goodbye may take; on a half-open line it never ends."""


class _Line(TransportFactory):
    """Makes the TCP connection, and keeps the end of it that can be cut."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self._writer: asyncio.StreamWriter | None = None

    async def create(self, url: URL, **_: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, self._writer = await asyncio.open_connection(url.host, url.port, ssl=self._tls)
        return reader, self._writer

    def cut(self) -> None:
        """End it at once, whatever is still to be sent."""
        if self._writer is not None:
            self._writer.transport.abort()


class _Connection(Connection):
    """Notices silence sooner than aiormq does by itself: after (5 + 1) × 2 seconds with our longest heartbeat."""

    HEARTBEAT_GRACE_MULTIPLIER = 2


def _why(ended: asyncio.Future[Any]) -> str:
    reason = None if ended.cancelled() else ended.exception()
    return f": {said(reason)}" if reason is not None and reason.args else ""


class AmqpSession:
    """A connection that is made once, and then lost or closed."""

    def __init__(self, name: str, settings: AmqpConnectionSettings, tls: ssl.SSLContext | None) -> None:
        self._name = name
        self._settings = settings
        self._line = _Line(tls)
        self._scheme = "amqp" if tls is None else "amqps"
        self._connection: _Connection | None = None
        self._ended: TundishError | None = None

    async def connect(self) -> None:
        """Connect to the first host that takes us. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        # Whatever happens is raised or logged by the component; aiormq's own words would stand beside the log.
        logging.getLogger("aiormq").setLevel(logging.CRITICAL)
        reasons: list[str] = []
        for address in self._settings.hosts:
            try:
                return await self._connect(address)
            except NotConnected as error:
                reasons.append(str(error))
        raise NotConnected("; ".join(reasons))

    async def _connect(self, address: str) -> None:
        host, port = split_address(address, 5672 if self._scheme == "amqp" else 5671)
        where = f"{host}:{port}"
        connection = _Connection(self._url(host, port), transport_factory=self._line)
        connection.vhost = self._settings.virtual_host
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                await connection.connect({"connection_name": self._name})
        except TimeoutError as error:
            self._line.cut()
            raise NotConnected(f"the broker at {where} does not answer") from error
        except ssl.SSLError as error:
            raise AuthFailed(f"the broker at {where} is not trusted: {error}") from error
        except (AMQPError, PAMQPException) as error:
            self._line.cut()
            raise not_connected(where, error) from error
        except (OSError, RuntimeError, EOFError) as error:
            # A peer that closes without a word ends aiormq's iterator, which shows as RuntimeError.
            self._line.cut()
            raise NotConnected(f"the broker at {where} cannot be reached: {error}") from error
        self._connection = connection

    def _url(self, host: str, port: int) -> URL:
        settings = self._settings
        return URL.build(
            scheme=self._scheme,
            host=host,
            port=port,
            user=settings.username,
            password=settings.password.reveal() if settings.password else None,
            path="/",
            query={
                "heartbeat": str(int(settings.heartbeat)),
                "auth": "external" if settings.authentication == "certificate" else "plain",
            },
        )

    async def channel(self, *, confirms: bool = False) -> Channel:
        """A new channel. Raises NotConnected."""
        return cast("Channel", await self.asked(self._open.channel(publisher_confirms=confirms)))

    async def asked(self, request: Coroutine[Any, Any, T]) -> T:
        """What the broker answers. Raises NotConnected without an answer, and AMQPError where it refuses."""
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                return await request
        except TimeoutError as error:
            raise self.abandon("the broker does not answer") from error
        except AMQPError as error:
            if self._gone is not None:
                raise NotConnected(self._gone) from error
            raise
        except (RuntimeError, OSError) as error:
            raise NotConnected(f"the broker is gone: {said(error)}") from error

    @property
    def _open(self) -> _Connection:
        if self._connection is None or self._gone is not None:
            raise NotConnected(self._gone or "the broker is not connected")
        return self._connection

    @property
    def _gone(self) -> str | None:
        """Why the connection is over; None while it is not."""
        connection = self._connection
        if self._ended is not None:
            return str(self._ended)
        if connection is None:
            return "the broker is not connected"
        if connection.is_connection_was_stuck:
            return "the broker shows no sign of life any more"
        if connection.closing.done():
            return f"the broker closed the connection{_why(connection.closing)}"
        return None if connection.is_opened else "the broker is gone"

    @property
    def is_over(self) -> bool:
        """Nothing can be sent any more."""
        return self._gone is not None

    async def blocked(self, within: float) -> bool:
        """Whether the broker takes no messages, because memory or disk ran short, for so long. Raises NotConnected."""
        try:
            async with asyncio.timeout(within):
                await self._open.ready()
        except TimeoutError:
            return True
        return False

    async def over(self, channel: Channel | None = None, consumer: str = "") -> NoReturn:
        """Wait until the connection, its channel or its consumer has ended. Raises NotConnected."""
        while True:
            connection = self._open
            if channel is not None and channel.closing.done():
                raise NotConnected(f"the broker closed the channel{_why(channel.closing)}")
            if consumer and channel is not None and consumer not in channel.consumers:
                raise NotConnected("the broker cancelled the reading; was the queue deleted, or moved to another node?")
            ends = [connection.closing] if channel is None else [connection.closing, channel.closing]
            await asyncio.wait(ends, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)

    def abandon(self, reason: str) -> NotConnected:
        """Give the connection up without a farewell: it does not answer. Gives what to raise."""
        self._ended = NotConnected(reason)
        self._line.cut()
        return NotConnected(reason)

    async def close(self) -> None:
        """Say goodbye and close; never raises, and may be called twice."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if connection.is_connection_was_stuck:
            self._line.cut()
        closed = ConnectionClosed(0, "the connection was closed")
        try:
            async with asyncio.timeout(_FAREWELL):
                await connection.close(closed)
        except TimeoutError:
            # What waits to be sent never will be; without the line, the library's tasks end.
            self._line.cut()
            with suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await connection.close(closed)
        finally:
            self._line.cut()
