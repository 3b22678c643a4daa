"""The furnace: an OPC UA server that offers each pour in a handshake, as the controllers of machines do.

It puts the figures of a pour into its tags, raises the trigger, waits for the acknowledgement, and takes the trigger
back; the next pour comes when the acknowledgement was taken back, too.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from asyncua import ua
from asyncua.common.node import Node
from asyncua.server.server import Server

from tundish_connectors.demo_plant.endpoints import LOOPBACK

NAMESPACE = "urn:first-plant:furnace"
TAGS: Mapping[str, object] = {"Pour": "", "Order": "", "Temperature": 0.0, "Weight": 0.0}
"""The figures of a pour, and what stands there before the first."""
LOOK_EVERY = 0.01
"""Seconds between the controller's looks at its tags, its cycle time."""


class Furnace:
    """Offers pours one after the other; made by `furnace`."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._waiting: deque[Mapping[str, object]] = deque()

    @property
    def untaken(self) -> int:
        """How many pours nobody has acknowledged yet."""
        return len(self._waiting)

    def pour(self, figures: Mapping[str, object]) -> None:
        """Offer a pour as soon as those before it are acknowledged."""
        self._waiting.append(figures)

    async def work(self) -> None:
        """Run the controller's program until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if not self._waiting:
                continue
            for name, value in self._waiting[0].items():
                await self._nodes[name].write_value(value)
            await self._nodes["Trigger"].write_value(True)
            await self._until_acknowledged(True)
            self._waiting.popleft()
            await self._nodes["Trigger"].write_value(False)
            await self._until_acknowledged(False)

    async def _until_acknowledged(self, wanted: bool) -> None:
        while await self._nodes["Acknowledge"].read_value() is not wanted:  # noqa: ASYNC110 - a controller has a cycle
            await asyncio.sleep(LOOK_EVERY)


@asynccontextmanager
async def furnace(port: int) -> AsyncIterator[Furnace]:
    """Run the server on a port of loopback, without security: it is a machine on a desk."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://{LOOPBACK}:{port}")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace(NAMESPACE)
    machine = await server.nodes.objects.add_object(index, "Furnace")
    nodes = {name: await machine.add_variable(index, name, value) for name, value in TAGS.items()}
    nodes["Trigger"] = await machine.add_variable(index, "Trigger", False)
    nodes["Acknowledge"] = await machine.add_variable(index, "Acknowledge", False)
    await nodes["Acknowledge"].set_writable()
    made = Furnace(nodes)
    async with server, asyncio.TaskGroup() as group:
        controller = group.create_task(made.work(), name="controller of the furnace")
        try:
            yield made
        finally:
            controller.cancel()
