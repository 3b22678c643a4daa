"""One server for all routes that listen at one address, and who is let in."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Sequence

from tundish.errors import Misconfigured, NotConnected
from tundish.faults import Fault
from tundish.sdk import Context, server_context
from tundish.telemetry import Event
from tundish_connectors.rest.listen_settings import is_loopback
from tundish_connectors.rest.listening.admission.choosing import gate_of
from tundish_connectors.rest.listening.admission.failures import Failures
from tundish_connectors.rest.listening.admission.gate import Refused
from tundish_connectors.rest.listening.openapi import PATH as OPENAPI_PATH
from tundish_connectors.rest.listening.openapi import document
from tundish_connectors.rest.listening.paths import Entry, Paths, split
from tundish_connectors.rest.listening.request import Answer, Request, refusal
from tundish_connectors.rest.listening.route import Route
from tundish_connectors.rest.listening.wire import Wire
from tundish_connectors.rest.settings import RestConnectionSettings

_BACKLOG = 512
_ANSWER_WITHIN = 3.0
"""Seconds for requests that were received when the listener closes."""
_GOODBYE = 1.0
"""Seconds for a client to end TLS; one that is gone never does."""


class Listener:
    """Listens from the first registered route on; until then connecting is refused, which every client repeats."""

    def __init__(self, address: str, settings: RestConnectionSettings, context: Context) -> None:
        """Raises MissingSecret or Misconfigured."""
        if settings.auth is None and not is_loopback(address):
            raise Misconfigured(f"whoever reaches {address} could send messages", "add 'auth', or listen on 127.0.0.1")
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self.timeout = settings.timeout
        self.largest_body = settings.largest_body
        self._most = settings.max_connections
        self._context = context
        self._log = context.log
        self._gate = gate_of(settings.auth, context.log)
        self._failures = Failures(context.log)
        self._tls = None if settings.tls is None else server_context(settings.tls)
        self._paths: Paths[Route] = Paths()
        self._wires: set[Wire] = set()
        self._deserted = asyncio.Event()
        """Nobody is connected."""
        self._group: asyncio.TaskGroup | None = None
        self._closing = asyncio.Event()
        self._binding = asyncio.Lock()
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; another one than in the settings where those say 0."""
        return int(self._socket.getsockname()[1]) if self._socket is not None else self._port

    @property
    def secret_headers(self) -> frozenset[str]:
        """The headers that hold a client's credentials, in lower case."""
        return self._gate.headers

    async def open(self) -> None:
        """Be ready for routes. The address is taken by the first of them, so that a check takes it from nobody."""
        self._context.start(self._live(), name="listener")

    async def _bound(self) -> socket.socket:
        """Raises OSError."""
        found = await asyncio.get_running_loop().getaddrinfo(
            self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, where = found[0]
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(where)
        except OSError:
            made.close()
            raise
        return made

    async def check(self) -> Sequence[Fault]:
        """Whether the address can be taken, or is (perhaps by a daemon that is running); and whether the gate works."""
        faults = list(await self._gate.check())
        if self._socket is None:
            try:
                (await self._bound()).close()
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    text = f"cannot listen on {self._host}:{self._port}: {error.strerror or error}"
                    faults.append(Fault("listen", text, "name an address of this machine, and a port that we may take"))
        return faults

    async def add(self, method: str, path: str, route: Route) -> Entry[Route]:
        """Answer requests by this route.

        Raises Misconfigured where another route has the same method and path, NotConnected where the address is taken.
        """
        entry = self._paths.add(method, path, route, self.port)
        try:
            await self._listen()
        except OSError as error:
            self._paths.remove(entry)
            raise NotConnected(f"cannot listen on {self._host}:{self._port}: {error.strerror or error}") from error
        return entry

    async def _listen(self) -> None:
        async with self._binding:
            if self._server is not None:
                return
            self._socket = await self._bound()
            self._server = await asyncio.get_running_loop().create_server(
                lambda: Wire(self),
                sock=self._socket,
                ssl=self._tls,
                backlog=_BACKLOG,
                ssl_handshake_timeout=None if self._tls is None else self.timeout,
                ssl_shutdown_timeout=None if self._tls is None else _GOODBYE,
            )

    def remove(self, entry: Entry[Route]) -> None:
        """Answer no more."""
        self._paths.remove(entry)

    async def close(self) -> None:
        """Take no more connections, answer what was received, and close."""
        await self._shut()

    async def _live(self) -> None:
        """Owns the tasks of the connections, and disconnects clients that are too slow."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as self._group:
            try:
                while not self._closing.is_set():
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(min(1.0, self.timeout / 4)):
                            await self._closing.wait()
                    for wire in tuple(self._wires):
                        wire.check(loop.time())
                    self._failures.tick()
            finally:
                await self._shut()

    async def _shut(self) -> None:
        self._closing.set()
        server, self._server = self._server, None
        if server is not None:
            server.close()
        elif self._socket is not None:
            self._socket.close()
        self._socket = None
        for wire in tuple(self._wires):
            wire.close_when_idle()
        if self._wires:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ANSWER_WITHIN):
                    await self._deserted.wait()
        for wire in tuple(self._wires):
            wire.abort()

    # What a connection asks.

    def arrived(self, wire: Wire) -> bool:
        """False where there are too many connections already."""
        self._wires.add(wire)
        self._deserted.clear()
        return len(self._wires) <= self._most and not self._closing.is_set()

    def left(self, wire: Wire) -> None:
        """A connection is over."""
        self._wires.discard(wire)
        if not self._wires:
            self._deserted.set()

    def start(self, wire: Wire) -> asyncio.Task[None] | None:
        """The task of a connection, from its first request on."""
        if self._group is None or self._closing.is_set():
            wire.abort()
            return None
        return self._group.create_task(self._guarded(wire), name=f"{self._context.name}: client")

    async def _guarded(self, wire: Wire) -> None:
        try:
            await wire.work()
        except Exception as error:  # noqa: BLE001 - the fault of one connection must not end the others
            self._log.error(Event.REQUEST_FAILED, exc_info=error)
            wire.abort()

    def begin(self, request: Request) -> Answer | None:
        """The answer to a request that is refused by its head."""
        try:
            request.sender = self._gate.knock(request)
        except Refused as refused:
            return self._refuse(request, refused)
        handler = self._handler_of(request)
        if isinstance(handler, Answer):
            return handler
        request.handler = handler
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            return refusal(415, "compressed bodies are not taken", "send the body as it is")
        return None

    def _handler_of(self, request: Request) -> object:
        found = self._paths.find(request.method, request.path)
        if found is not None:
            entry, request.parameters = found
            return entry.value.take
        methods = self._paths.methods(request.path)
        if request.path == OPENAPI_PATH:
            methods = sorted({*methods, "GET"})
        if request.method == "GET":
            above, _, number = request.path.rpartition("/")
            if request.path == OPENAPI_PATH:
                return self._describe
            if number.isdecimal() and number.isascii() and len(number) < 19 and self._paths.methods(above):
                return self._tell
        if not methods:
            return refusal(404, f"nobody listens at {request.path[:200]}", f"GET {OPENAPI_PATH} lists the paths")
        allowed = ", ".join(methods)
        text = f"{request.method} is not for {request.path[:200]}"
        return refusal(405, text, f"use {allowed}", ("Allow", allowed))

    async def answer(self, request: Request) -> Answer:
        """Whatever happens, a client that gets no 2xx knows that its message was not accepted."""
        try:
            if request.sender is None:
                request.sender = await self._gate.admit(request)
            answer: Answer = await request.handler(request)
        except Refused as refused:
            return self._refuse(request, refused)
        except Exception as error:  # noqa: BLE001 - the client must hear that its message was not accepted
            self._log.error(Event.REQUEST_FAILED, path=request.path, exc_info=error)
            return refusal(500, "the message was not accepted", "send it again", ("Retry-After", "5"))
        return answer

    def _refuse(self, request: Request, refused: Refused) -> Answer:
        self._failures.add(request.remote, refused.text)
        more = [("WWW-Authenticate", self._gate.challenge)] if refused.status == 401 and self._gate.challenge else []
        more += [("Retry-After", "5")] if refused.status == 503 else []
        return refusal(refused.status, refused.text, refused.cure, *more)

    async def _describe(self, request: Request) -> Answer:
        return Answer(200, document(self._paths.entries, self._gate.scheme))

    async def _tell(self, request: Request) -> Answer:
        above, _, number = request.path.rpartition("/")
        for entry in self._paths.entries:
            if entry.match(split(above)) is not None:
                answer = await entry.value.tell(int(number))
                if answer is not None:
                    return answer
        return refusal(404, f"there is no message {number} here", "what is done is forgotten after some time")
