"""The fault proxy: a TCP proxy between the daemon and a peer that cuts, resets, delays and freezes the line."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Any, TypeAlias

from tests.conformance.black_hole import spare, swallow
from tests.conformance.ports import LOOPBACK

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST instead of FIN."""

_ACKNOWLEDGED = 0.3
"""Seconds after which the kernels have acknowledged what was sent; what is repeated later would be a sign of life."""

Watch: TypeAlias = Callable[[bytes], None]


def _nothing(data: bytes) -> None:
    """Nobody watches."""


class Proxy:
    """Listens on `port` and forwards to `upstream`."""

    def __init__(self, port: int, upstream: int) -> None:
        self.port = port
        self.upstream = upstream
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._moving = asyncio.Event()
        self._moving.set()
        self._answering = asyncio.Event()
        self._answering.set()
        self._delay = 0.0
        self.connections = 0
        """How many connections were made so far."""

    async def start(self) -> None:
        """Take connections, and move what they send."""
        self.thaw()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)

    async def stop(self) -> None:
        """Take no connections, and break those that are there."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    def cut(self) -> None:
        """Break every connection at once, without a farewell of the protocol."""
        for writer in list(self._writers):
            writer.transport.abort()

    def reset(self) -> None:
        """Break every connection with a TCP reset."""
        for writer in list(self._writers):
            sock = writer.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()

    def freeze(self) -> None:
        """Leave connections open, and move nothing: a half-open line."""
        self._moving.clear()

    def mute(self) -> None:
        """Move what clients send, and nothing of what the server answers."""
        self._answering.clear()

    async def vanish(self) -> None:
        """Leave connections open, and be gone for both sides, as if the cable were cut: nothing is acknowledged."""
        self.freeze()
        await asyncio.sleep(_ACKNOWLEDGED)
        for each in self._lines():
            swallow(each)

    def come_back(self) -> None:
        """After `vanish`: take new connections; those that were there stay dead."""
        if self._server is not None:
            for each in self._server.sockets:
                spare(each)
        self.thaw()

    def _lines(self) -> list[Any]:
        lines = [writer.get_extra_info("socket") for writer in self._writers]
        return [*lines, *(self._server.sockets if self._server is not None else ())]

    def thaw(self) -> None:
        """Move again, also what came meanwhile."""
        self._moving.set()
        self._answering.set()

    def delay(self, seconds: float) -> None:
        """Let every piece of data take so much longer."""
        self._delay = seconds

    def watchers(self) -> tuple[Watch, Watch]:
        """Who sees every piece of what the client and the server of a new connection send."""
        return _nothing, _nothing

    def told(self, data: bytes) -> bytes:
        """What a client hears when the server says this."""
        return data

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(LOOPBACK, self.upstream)
        except OSError:
            writer.transport.abort()
            self._writers.discard(writer)
            return
        self._writers.add(upstream_writer)
        of_client, of_server = self.watchers()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, upstream_writer, of_client))
                group.create_task(self._pump(upstream_reader, writer, of_server, answers=True))
        finally:
            for each in (writer, upstream_writer):
                each.transport.abort()
                self._writers.discard(each)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, watch: Watch, *, answers: bool = False
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._moving.wait()
                if answers:
                    await self._answering.wait()
                if self._delay:
                    await asyncio.sleep(self._delay)
                watch(data)
                writer.write(self.told(data) if answers else data)
                await writer.drain()
        writer.transport.abort()
