"""A TCP proxy in front of an MQTT broker that counts the packets of the client, and can cut or freeze the line."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

from tests.conformance.ports import LOOPBACK

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 4, 8, 12, 14
"""Packet types (MQTT 5.0, 2.1.2)."""


class PacketCounter:
    """Cuts a stream of bytes into packets, and counts them by type."""

    def __init__(self, counts: Counter[int]) -> None:
        self._counts = counts
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Bytes as they come."""
        self._rest += data
        while (size := self._size()) is not None and size <= len(self._rest):
            self._counts[self._rest[0] >> 4] += 1
            self._rest = self._rest[size:]

    def _size(self) -> int | None:
        """Bytes of the first packet, once its length is known."""
        length = 0
        for index, byte in enumerate(self._rest[1:5]):
            length |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return length + index + 2
        return None


class Tap:
    """Listens on `port` and forwards to `upstream`."""

    def __init__(self, port: int, upstream: int) -> None:
        self.port = port
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._moving = asyncio.Event()
        self._answering = asyncio.Event()
        self.client: Counter[int] = Counter()
        """How many packets of each type the client sent."""
        self.broker: Counter[int] = Counter()
        """How many packets of each type the broker sent."""

    async def start(self) -> None:
        """Take connections."""
        self._moving.set()
        self._answering.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)

    async def stop(self) -> None:
        """Take no connections, and break those that are there."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    def cut(self) -> None:
        """Break every connection, at once and without a farewell."""
        for writer in list(self._writers):
            writer.transport.abort()

    def freeze(self) -> None:
        """Leave connections open, and move nothing: a half-open line."""
        self._moving.clear()

    def freeze_answers(self) -> None:
        """Move what the client says, and nothing that the broker answers."""
        self._answering.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(LOOPBACK, self._upstream)
        except OSError:
            writer.transport.abort()
            self._writers.discard(writer)
            return
        self._writers.add(upstream_writer)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, upstream_writer, PacketCounter(self.client), self._moving))
                group.create_task(self._pump(upstream_reader, writer, PacketCounter(self.broker), self._answering))
        finally:
            for each in (writer, upstream_writer):
                each.transport.abort()
                self._writers.discard(each)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counter: PacketCounter, open_: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._moving.wait()
                await open_.wait()
                counter.feed(data)
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
