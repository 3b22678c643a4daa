"""NATS peers: a server behind a tap that sees every acknowledgement, somebody who publishes, and somebody who reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import nats
import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import StreamConfig
from nats.js.errors import APIError

from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tests.conformance.nats_server import MISSING, NATS_SERVER, NatsServer
from tests.conformance.nats_tap import NatsTap
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.proxy import Proxy


class Published(Produced):
    """A message in the stream."""

    def __init__(self, tap: NatsTap, number: int) -> None:
        self._tap = tap
        self._number = number

    @property
    def is_acknowledged(self) -> bool:
        """The acknowledgement passed the tap."""
        return self._number in self._tap.acknowledged


async def silent(error: Exception) -> None:
    """Clients of tests say nothing about servers that are stopped."""


class Harness(PeerHarness):
    """The connector goes through the tap; everybody else speaks to the server itself."""

    harmless_repeats: ClassVar[str] = "the stream drops the repeat"
    meta: ClassVar[frozenset[str]] = frozenset({"stream", "subject", "sequence", "redelivered", "delivery_count"})

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if NATS_SERVER is None:
            pytest.skip(MISSING)
        self._server = NatsServer(folder)
        self._tap = NatsTap(free_port(), self._server.port)
        self._client: Client | None = None
        self._jetstream: JetStreamContext | None = None

    async def start(self) -> None:
        """Server, tap, and both streams."""
        await self._server.start()
        await self._tap.start()
        if self._client is None:
            self._client = await nats.connect(
                f"nats://{LOOPBACK}:{self._server.port}", allow_reconnect=False, error_cb=silent
            )
            self._jetstream = self._client.jetstream()
            for name in ("IN", "OUT"):
                await self._jetstream.add_stream(StreamConfig(name=name, subjects=[f"{name.lower()}.>"]))

    async def stop(self) -> None:
        """All of them are gone."""
        await self._tap.stop()
        if self._client is not None:
            await self._client.close()
            self._client = None
        await self._server.stop()

    def connection(self, role: Role) -> Mapping[str, object]:
        """The tap."""
        return {"hosts": [f"{LOOPBACK}:{self._tap.port}"], "connect_timeout": "2s", "ping": "1s"}

    def line(self, role: Role) -> Proxy:
        """The tap."""
        return self._tap

    def patience(self, seconds: int) -> Mapping[str, object]:
        """It asks as often."""
        return {"ping": f"{seconds}s", "connect_timeout": f"{seconds}s"}

    def settings(self, role: Role) -> Mapping[str, object]:
        """One stream in, one out."""
        if role == "destination":
            return {"subject": "out.{{ id }}", "stream": "OUT", "timeout": "5s"}
        return {"stream": "IN", "ack_wait": "1s"}

    async def produce(self, body: bytes) -> Produced:
        """Publish, and wait until the stream has it."""
        assert self._jetstream is not None
        acknowledged = await self._jetstream.publish("in.a", body, timeout=5)
        return Published(self._tap, acknowledged.seq)

    async def collected(self) -> list[bytes]:
        """What the stream has."""
        assert self._jetstream is not None
        found: list[bytes] = []
        try:
            last = (await self._jetstream.stream_info("OUT")).state.last_seq
            for number in range(1, last + 1):
                message = await self._jetstream.get_msg("OUT", number)
                found.append(message.data or b"")
        except APIError:
            return found
        return found
