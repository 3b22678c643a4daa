"""One server for all routes that listen at one address.

uvicorn's protocol and Starlette's router are used without uvicorn's server: that one handles signals and starts
tasks of its own, which are the daemon's affair.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from email.utils import formatdate

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from uvicorn.server import ServerState

from tundish.errors import Misconfigured, NotConnected
from tundish.model import Value
from tundish.sdk import Logger, server_context
from tundish.telemetry import Event
from tundish_connectors.rest.listening.gatekeeper import Gatekeeper
from tundish_connectors.rest.listening.patience import PatientProtocol, server_config
from tundish_connectors.rest.listening.settings import is_loopback
from tundish_connectors.rest.settings import RestConnectionSettings

Take = Callable[[Request, bytes], Awaitable[Response]]
"""What a source does with a request whose body was read."""

_BACKLOG = 512
_ANSWER_WITHIN = 3.0
"""Seconds for requests that were received when the listener closes."""


class Listener:
    """Listens from the first registered route on; until then connecting is refused, which every client repeats."""

    def __init__(self, address: str, settings: RestConnectionSettings, log: Logger) -> None:
        """Raises MissingSecret or Misconfigured."""
        if settings.auth is None and not is_loopback(address):
            raise Misconfigured(f"whoever reaches {address} could send messages", "add 'auth', or listen on 127.0.0.1")
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._settings = settings
        self._log = log
        self._gate = Gatekeeper(settings.auth)
        self._tls = None if settings.tls is None else server_context(settings.tls)
        self._router = Router(redirect_slashes=False)
        self._state = ServerState()
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; another one than in the settings where those say 0."""
        return int(self._socket.getsockname()[1]) if self._socket is not None else self._port

    @property
    def secret_header(self) -> str:
        """The header that holds a client's credentials, in lower case."""
        return self._gate.header

    async def open(self) -> None:
        """Take the address. Raises NotConnected where that cannot be done."""
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

    async def add(self, method: str, path: str, take: Take) -> Route:
        """Answer requests with `take`. Raises Misconfigured where another route has the same method and path."""
        for known in self._router.routes:
            if isinstance(known, Route) and known.path == path and method in (known.methods or ()):
                raise Misconfigured(f"two routes listen for {method} {path} on port {self.port}", "change one path")

        async def answer(request: Request) -> Response:
            return await self._answer(request, take)

        route = Route(path, answer, methods=[method])
        self._router.routes.append(route)
        await self._listen()
        return route

    def remove(self, route: Route) -> None:
        """Answer no more."""
        if route in self._router.routes:
            self._router.routes.remove(route)

    async def _listen(self) -> None:
        if self._server is not None or self._socket is None:
            return
        config = server_config(self._router)
        timeout, most = self._settings.timeout, self._settings.max_connections
        self._server = await asyncio.get_running_loop().create_server(
            lambda: PatientProtocol(config, self._state, timeout=timeout, max_connections=most),
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

    async def _answer(self, request: Request, take: Take) -> Response:
        """Whatever happens, a client that gets no 2xx knows that its message was not accepted."""
        try:
            body = await self._admitted(request)
            return body if isinstance(body, Response) else await take(request, body)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:  # noqa: BLE001 - the client must hear that its message was not accepted
            self._log.error(Event.REQUEST_FAILED, path=request.url.path, exc_info=error)
            return reply(500, {"error": "the message was not accepted"}, {"Retry-After": "5"})

    async def _admitted(self, request: Request) -> bytes | Response:
        """The body, or why the request is refused."""
        if not self._gate.admits(request.headers):
            return reply(401, {"error": "credentials are missing or wrong"}, {"WWW-Authenticate": "ApiKey"})
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            return reply(415, {"error": "compressed bodies are not taken"})
        try:
            async with asyncio.timeout(self._settings.timeout):
                body = await self._body(request)
        except TimeoutError:
            return reply(408, {"error": "the body did not come in time"}, {"Connection": "close"})
        if body is None:
            text = f"the body is longer than {self._settings.largest_body} bytes"
            return reply(413, {"error": text}, {"Connection": "close"})
        return body

    async def _body(self, request: Request) -> bytes | None:
        """None where it is too long, as soon as that is known."""
        most = self._settings.largest_body
        if int(request.headers.get("content-length", 0)) > most:
            return None
        chunks: list[bytes] = []
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                return None
            chunks.append(chunk)
        return b"".join(chunks)


def reply(status: int, content: Value, headers: dict[str, str] | None = None) -> Response:
    """An answer as JSON."""
    return Response(
        msgspec.json.encode(content),
        status,
        {"Date": formatdate(usegmt=True), **(headers or {})},
        media_type="application/json",
    )
