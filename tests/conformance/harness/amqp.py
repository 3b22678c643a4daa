"""AMQP peers: RabbitMQ behind a tap that sees every acknowledgement, somebody who publishes, and somebody who reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import aiormq
import pytest
from aiormq.abc import AbstractChannel, AbstractConnection, DeliveredMessage
from pamqp.commands import Basic

from tests.conformance.amqp_tap import AmqpTap
from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.proxy import Proxy
from tests.conformance.rabbitmq import MISSING, RABBITMQ, fresh, shared_node


class Published(Produced):
    """A message in the queue."""

    def __init__(self, tap: AmqpTap, name: str) -> None:
        self._tap = tap
        self._name = name

    @property
    def is_acknowledged(self) -> bool:
        """The acknowledgement passed the tap."""
        return self._name in self._tap.acknowledged


class Harness(PeerHarness):
    """The connector goes through the tap; everybody else speaks to the broker itself."""

    harmless_repeats: ClassVar[str] = "whoever reads a queue expects repeats, and tells them by the message id"
    meta: ClassVar[frozenset[str]] = frozenset({"queue", "exchange", "routing_key", "redelivered", "headers"})

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if RABBITMQ is None:
            pytest.skip(MISSING)
        self._node = shared_node()
        self._tap = AmqpTap(free_port(), self._node.port)
        self._in, self._out = fresh("in"), fresh("out")
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._bodies: list[bytes] = []
        self._produced = 0

    async def start(self) -> None:
        """Node, tap, both queues, and a reader of one of them."""
        await self._node.start()
        await self._tap.start()
        if self._connection is None:
            self._connection = await aiormq.connect(f"amqp://{LOOPBACK}:{self._node.port}/")
            self._channel = channel = await self._connection.channel()
            for queue in (self._in, self._out):
                await channel.queue_declare(queue, durable=True)
            await channel.basic_consume(self._out, self._collect, no_ack=True)

    async def _collect(self, message: DeliveredMessage) -> None:
        self._bodies.append(message.body)

    async def stop(self) -> None:
        """All of them are gone."""
        await self._tap.stop()
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
        if not self.is_over:
            await self._node.stop()

    def connection(self, role: Role) -> Mapping[str, object]:
        """The tap."""
        return {"hosts": [f"{LOOPBACK}:{self._tap.port}"], "connect_timeout": "3s"}

    def line(self, role: Role) -> Proxy:
        """The tap."""
        return self._tap

    def patience(self, seconds: int) -> Mapping[str, object]:
        """It expects something to move as often."""
        return {"heartbeat": f"{seconds}s", "connect_timeout": f"{seconds}s"}

    def settings(self, role: Role) -> Mapping[str, object]:
        """One queue in, one out."""
        return {"routing_key": self._out, "timeout": "5s"} if role == "destination" else {"queue": self._in}

    async def produce(self, body: bytes) -> Produced:
        """Publish, and wait until the broker has it."""
        assert self._channel is not None
        self._produced += 1
        name = f"m{self._produced}"
        properties = Basic.Properties(delivery_mode=2, message_id=name)
        await self._channel.basic_publish(body, routing_key=self._in, properties=properties)
        return Published(self._tap, name)

    async def collected(self) -> list[bytes]:
        """What the reader got."""
        return list(self._bodies)
