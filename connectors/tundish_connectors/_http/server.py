"""One address, served in the daemon's own loop.

uvicorn's protocol is used without uvicorn's server: that one handles signals and starts tasks of its own, which are the
daemon's affair.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from uvicorn.server import ServerState

from tundish.errors import NotConnected
from tundish_connectors._http.patience import PatientProtocol, server_config

App = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""

_BACKLOG = 512
_ANSWER_WITHIN = 3.0
"""Seconds for requests that were received when the server closes."""


class HttpServer:
    """Takes its address with `open`, and answers from `listen` on; until then connecting is refused."""

    def __init__(
        self, address: str, app: App, tls: ssl.SSLContext | None, *, timeout: float, max_connections: int
    ) -> None:
        """`timeout` seconds are for the head of each request."""
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._app = app
        self._tls = tls
        self._timeout = timeout
        self._max_connections = max_connections
        self._state = ServerState()
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; another one than in the settings where those say 0."""
        return int(self._socket.getsockname()[1]) if self._socket is not None else self._port

    async def open(self) -> None:
        """Take the address; does nothing where it has it. Raises NotConnected where that cannot be done."""
        if self._socket is not None:
            return
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            family, kind, protocol, _, where = found[0]
            self._socket = socket.socket(family, kind, protocol)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(where)
        except OSError as error:
            raise NotConnected(f"cannot listen on {self._host}:{self._port}: {error.strerror or error}") from error

    async def listen(self) -> None:
        """Answer requests; does nothing where it does so already."""
        if self._server is not None or self._socket is None:
            return
        config = server_config(self._app)
        self._server = await asyncio.get_running_loop().create_server(
            lambda: PatientProtocol(config, self._state, timeout=self._timeout, max_connections=self._max_connections),
            sock=self._socket,
            ssl=self._tls,
            backlog=_BACKLOG,
        )

    async def close(self) -> None:
        """Take no more connections, answer what was received, and close."""
        if self._server is not None:
            self._server.close()
            self._server = None
        elif self._socket is not None:
            self._socket.close()
        self._socket = None
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(set(self._state.tasks), timeout=_ANSWER_WITHIN)
        for connection in list(self._state.connections):
            connection.transport.abort()


class BodyTooLong(Exception):
    """A body is longer than allowed."""


async def read_body(request: Request, most: int, within: float) -> bytes:
    """The body of a request. Raises BodyTooLong as soon as that is known, TimeoutError where it does not come."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise BodyTooLong
    chunks: list[bytes] = []
    size = 0
    async with asyncio.timeout(within):
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise BodyTooLong
            chunks.append(chunk)
    return b"".join(chunks)
