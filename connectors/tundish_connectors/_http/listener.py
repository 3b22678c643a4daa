"""One address that is served in the daemon's own loop: its socket, its connections and the tasks of these."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Sequence

from tundish.errors import NotConnected
from tundish.faults import Fault
from tundish.sdk import Context, watch_line
from tundish.telemetry import Event
from tundish_connectors._http.claim import Claim
from tundish_connectors._http.exchange import Answer, Request
from tundish_connectors._http.wire import Wire

_BACKLOG = 512
_ANSWER_WITHIN = 3.0
"""Seconds for requests that were received when the listener closes."""
_GOODBYE = 1.0
"""Seconds for a client to end TLS; one that is gone never does."""


class HttpListener(ABC):
    """Listens from `listen` on; until then connecting is refused, which every client repeats."""

    def __init__(
        self,
        address: str,
        context: Context,
        tls: ssl.SSLContext | None,
        *,
        timeout: float,
        largest_body: int,
        max_connections: int,
    ) -> None:
        """`timeout` seconds are for the head of a request, for its body, and for a client that does not read."""
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self.timeout = timeout
        self.largest_body = largest_body
        self._most = max_connections
        self._context = context
        self._log = context.log
        self._tls = tls
        self._wires: set[Wire] = set()
        self._deserted = asyncio.Event()
        """Nobody is connected."""
        self._group: asyncio.TaskGroup | None = None
        self._closing = asyncio.Event()
        self._binding = asyncio.Lock()
        self._claim = Claim(context.data, address)
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None

    @abstractmethod
    def begin(self, request: Request) -> Answer | None:
        """The answer, where the head of a request suffices for one: it is refused."""

    @abstractmethod
    async def answer(self, request: Request) -> Answer:
        """The answer to a complete request; raises nothing but cancellation."""

    @abstractmethod
    def refusal(
        self, request: Request | None, status: int, error: str, cure: str = "", *headers: tuple[str, str]
    ) -> Answer:
        """An answer that says what is wrong, and what to do about it; `request` is None where its head did not come."""

    def tick(self) -> None:  # noqa: B027 - not every listener has something to do
        """Called now and then."""

    @property
    def port(self) -> int:
        """The port that is listened on; another one than in the settings where those say 0."""
        return int(self._socket.getsockname()[1]) if self._socket is not None else self._port

    async def open(self) -> None:
        """Be ready. The address is taken by `listen`, so that a check takes it from nobody."""
        self._context.start(self._live(), name="listener")

    async def listen(self) -> None:
        """Take the address and answer; does nothing where that is so already. Raises NotConnected."""
        async with self._binding:
            if self._server is not None:
                return
            try:
                self._socket = await self._bound()
            except OSError as error:
                raise NotConnected(self._cannot(error)) from error
            self._claim.take()
            self._server = await asyncio.get_running_loop().create_server(
                lambda: Wire(self),
                sock=self._socket,
                ssl=self._tls,
                backlog=_BACKLOG,
                ssl_handshake_timeout=None if self._tls is None else self.timeout,
                ssl_shutdown_timeout=None if self._tls is None else _GOODBYE,
            )

    async def check(self) -> Sequence[Fault]:
        """Whether the address can be taken, or our daemon has it."""
        if self._socket is not None:
            return ()
        try:
            (await self._bound()).close()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                cure = "name an address of this machine, and a port that we may take"
                return (Fault("listen", self._cannot(error), cure),)
            if not self._claim.is_ours:
                return (Fault("listen", self._cannot(error), "end the process that has it, or name another port"),)
        return ()

    def _cannot(self, error: OSError) -> str:
        return f"cannot listen on {self._host}:{self._port}: {error.strerror or error}"

    async def _bound(self) -> socket.socket:
        """Raises OSError."""
        found = await asyncio.get_running_loop().getaddrinfo(
            self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, where = found[0]
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            watch_line(made)
            made.bind(where)
        except OSError:
            made.close()
            raise
        return made

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
                    self.tick()
            finally:
                await self._shut()

    async def _shut(self) -> None:
        self._closing.set()
        server, self._server = self._server, None
        if server is not None:
            server.close()
        elif self._socket is not None:
            self._socket.close()
        if self._socket is not None:
            self._claim.drop()
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
