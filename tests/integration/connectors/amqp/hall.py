"""A node, a tap in front of it, and a client of its own."""

from __future__ import annotations

import asyncio

import aiormq
from aiormq.abc import AbstractChannel, AbstractConnection, DeliveredMessage
from pamqp.commands import Basic

from tests.conformance.amqp_tap import AmqpTap
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.rabbitmq import RabbitNode, fresh
from tests.conformance.stand import Stand, Workbench
from tundish.sdk import connector

SPEC = connector("amqp")


class Hall:
    """The connector goes through the tap; the client speaks to the node itself."""

    def __init__(self, node: RabbitNode, bench: Workbench) -> None:
        self.node = node
        self.tap = AmqpTap(free_port(), node.port)
        self._bench = bench
        self._client: AbstractConnection | None = None
        self.queue = fresh("queue")

    async def start(self) -> None:
        """Node, tap, client and an empty durable queue."""
        await self.node.start()
        await self.tap.start()
        self._client = await aiormq.connect(f"amqp://{LOOPBACK}:{self.node.port}/")
        await (await self.channel()).queue_declare(self.queue, durable=True)

    async def stop(self) -> None:
        """All but the node, which is for the next test as well."""
        if self._client is not None:
            await self._client.close()
        await self.tap.stop()

    async def channel(self) -> AbstractChannel:
        """A channel of the client."""
        assert self._client is not None
        return await self._client.channel()

    async def send(self, *bodies: bytes, queue: str = "", headers: dict[str, object] | None = None) -> None:
        """Put persistent messages into the queue; their ids are their bodies."""
        channel = await self.channel()
        for body in bodies:
            properties = Basic.Properties(
                delivery_mode=2,
                message_id=body.decode(),
                headers=headers,  # type: ignore[arg-type] # any field value
            )
            await channel.basic_publish(body, routing_key=queue or self.queue, properties=properties)
        await channel.close()

    async def take(self, queue: str = "", within: float = 5.0) -> DeliveredMessage:
        """The next message of the queue, acknowledged. Raises TimeoutError."""
        channel = await self.channel()
        async with asyncio.timeout(within):
            found = await channel.basic_get(queue or self.queue, no_ack=True)
            while not isinstance(found.delivery, Basic.GetOk):
                await asyncio.sleep(0.02)
                found = await channel.basic_get(queue or self.queue, no_ack=True)
        await channel.close()
        return found

    async def ready(self, queue: str = "") -> int:
        """How many messages nobody has in hand."""
        channel = await self.channel()
        answer = await channel.queue_declare(queue or self.queue, passive=True)
        await channel.close()
        return int(answer.message_count or 0)

    def connection(self, **settings: object) -> dict[str, object]:
        """Through the tap."""
        return {"hosts": [f"{LOOPBACK}:{self.tap.port}"], "connect_timeout": "3s", **settings}

    def source(self, connection: dict[str, object] | None = None, route: str = "in", **settings: object) -> Stand:
        """A source of the queue."""
        return self._bench.stand(
            SPEC, SPEC.source, connection or self.connection(), {"queue": self.queue, **settings}, route
        )

    def destination(self, connection: dict[str, object] | None = None, **settings: object) -> Stand:
        """A destination that publishes to the queue by its name."""
        base = {"routing_key": self.queue, "timeout": "3s"}
        return self._bench.stand(SPEC, SPEC.destination, connection or self.connection(), {**base, **settings}, "out")
