"""A server's protocol that does not wait for ever: uvicorn's own has no limit for a request's head."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

_LARGEST_HEAD = 64 * 1024
"""Bytes of request line and headers."""


class PatientProtocol(HttpToolsProtocol):
    """Gives a client `timeout` seconds for the head of each request, and refuses more than `max_connections`."""

    def __init__(self, config: Config, state: ServerState, *, timeout: float, max_connections: int) -> None:
        super().__init__(config, state, {})
        # Requests may hold secrets in their query; whatever came is in the journal.
        self.access_log = False
        self._timeout = timeout
        self._max_connections = max_connections
        self._timer: asyncio.TimerHandle | None = None
        self._head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """A client is there."""
        super().connection_made(transport)
        if len(self.connections) > self._max_connections:
            self._refuse(b"503 Service Unavailable", b"retry-after: 1\r\n")
        else:
            self._await_head()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request came."""
        if self._timer is not None:
            self._head += len(data)
        super().data_received(data)
        if self._timer is not None and self._head > _LARGEST_HEAD:
            self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """The first byte of a request came."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """The head of a request is complete."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._timer is None:
            self._head = 0
            self._timer = self.loop.call_later(self._timeout, self._refuse, b"408 Request Timeout")

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: bytes, headers: bytes = b"") -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        # In the middle of an answer to an earlier request, another status line would be taken for its body.
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(
                b"HTTP/1.1 " + status + b"\r\n" + headers + b"content-length: 0\r\nconnection: close\r\n\r\n"
            )
        self.transport.close()


def server_config(app: Any) -> Config:
    """What uvicorn's protocol needs to know; nothing in the environment changes it."""
    config = Config(
        app, http="httptools", ws="none", lifespan="off", interface="asgi3", log_config=None, proxy_headers=False
    )
    config.load()
    return config
