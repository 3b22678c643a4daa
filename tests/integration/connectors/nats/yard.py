"""A NATS server, a tap in front of it, and a client of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from tests.conformance.nats_server import NatsServer
from tests.conformance.nats_tap import NatsTap
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import PATIENCE, Stand, Workbench
from tundish.sdk import connector

SPEC = connector("nats")


async def silent(error: Exception) -> None:
    """Clients of tests say nothing about servers that are stopped."""


class OtherReader:
    """Has asked a consumer for messages, and acknowledges none by itself: a dead line, or a life that ended."""

    def __init__(self, answers: Subscription) -> None:
        self._answers = answers

    async def came(self, count: int) -> list[Msg]:
        """The next messages."""
        return [await self._answers.next_msg(PATIENCE) for _ in range(count)]


class Yard:
    """The connector goes through the tap; the client speaks to the server itself."""

    def __init__(self, folder: Path, bench: Workbench, options: str = "") -> None:
        self.server = NatsServer(folder, options)
        self.tap = NatsTap(free_port(), self.server.port)
        self._bench = bench
        self._client: Client | None = None

    async def start(self, **credentials: str) -> None:
        """Server, tap, client and an empty stream."""
        await self.server.start()
        await self.tap.start()
        await self.connect(**credentials)
        await self.stream("IN")

    async def connect(self, **credentials: Any) -> None:
        """A new client."""
        address = f"nats://{LOOPBACK}:{self.server.port}"
        self._client = await nats.connect(address, allow_reconnect=False, error_cb=silent, **credentials)

    async def stop(self) -> None:
        """All of it."""
        if self._client is not None:
            await self._client.close()
        await self.tap.stop()
        await self.server.stop()

    @property
    def js(self) -> JetStreamContext:
        """JetStream, as the client sees it."""
        assert self._client is not None
        return self._client.jetstream()

    async def stream(self, name: str, **config: Any) -> None:
        """Make a stream on everything below its name in small letters."""
        await self.js.add_stream(StreamConfig(name=name, subjects=[f"{name.lower()}.>"], **config))

    async def send(self, *bodies: bytes, subject: str = "in.a", headers: dict[str, str] | None = None) -> None:
        """Publish, and wait for the stream each time."""
        for body in bodies:
            await self.js.publish(subject, body, headers=headers)

    async def other_reader(self, stream: str, consumer: str, batch: int) -> OtherReader:
        """Let somebody else ask a consumer for so many messages."""
        assert self._client is not None
        inbox = self._client.new_inbox()
        answers = await self._client.subscribe(inbox)
        request = json.dumps({"batch": batch, "expires": 30_000_000_000}).encode()
        await self._client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}", request, reply=inbox)
        await self._client.flush()
        return OtherReader(answers)

    def connection(self, **settings: object) -> dict[str, object]:
        """Through the tap."""
        return {"hosts": [f"{LOOPBACK}:{self.tap.port}"], "connect_timeout": "2s", "ping": "1s", **settings}

    def source(self, connection: dict[str, object] | None = None, route: str = "in", **settings: object) -> Stand:
        """A source of the stream."""
        base = {"stream": "IN", "ack_wait": "1s"}
        return self._bench.stand(SPEC, SPEC.source, connection or self.connection(), {**base, **settings}, route)

    def destination(self, connection: dict[str, object] | None = None, **settings: object) -> Stand:
        """A destination that publishes to the stream."""
        base = {"subject": "in.{{ id }}", "timeout": "2s"}
        return self._bench.stand(SPEC, SPEC.destination, connection or self.connection(), {**base, **settings}, "out")
