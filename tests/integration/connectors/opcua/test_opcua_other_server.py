"""Against another server, asyncua's own: what is promised does not hang on one of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asyncua import ua
from asyncua.common.node import Node
from asyncua.server import Server

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import RecordingIntake, Stand, Workbench, workbench
from tests.integration.connectors.opcua.plc import again, received, records, values
from tundish.sdk import connector

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def served(port: int) -> AsyncIterator[Node]:
    """A server in this process with one node."""
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://{LOOPBACK}:{port}")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    space = await server.register_namespace("urn:test:asyncua")
    line = await server.nodes.objects.add_object(space, "Line1")
    node = await line.add_variable(space, "Count", 0, ua.VariantType.Int32)
    async with server:
        yield node


def source_of(bench: Workbench, port: int, route: str = "a-route") -> Stand:
    """A source of that node, not open yet."""
    spec = connector("opcua")
    there = {"endpoint": f"opc.tcp://{LOOPBACK}:{port}", "security": "none", "structures": False}
    wanted = {"nodes": ["Objects/Line1/Count"], "publishing_interval": "50ms", "sampling": "0s"}
    return bench.stand(spec, spec.source, there, wanted, route=route)


async def test_nothing_is_lost_over_a_restart_and_silence_is_no_gap(tmp_path: Path) -> None:
    port = free_port()
    async with served(port) as node, workbench(tmp_path) as bench:
        source, intake = source_of(bench, port), RecordingIntake()
        await source.open()
        source.run(intake)
        for number in (1, 2):
            await received(intake, number)
            await node.write_value(number, ua.VariantType.Int32)
        await received(intake, 3)
        # Longer than a keep-alive, which bears a sequence number as well.
        await asyncio.sleep(6)
        await source.close()
        for number in (3, 4):
            await node.write_value(number, ua.VariantType.Int32)
            await asyncio.sleep(0.1)
        await again(source, intake)
        await received(intake, 5)
        assert values(intake) == [0, 1, 2, 3, 4]
        assert not records(intake, "gap")


async def test_what_it_cannot_keep_is_a_gap(tmp_path: Path) -> None:
    port = free_port()
    async with workbench(tmp_path) as bench:
        source, intake = source_of(bench, port), RecordingIntake()
        async with served(port) as node:
            await source.open()
            source.run(intake)
            await received(intake, 1)
            await node.write_value(1, ua.VariantType.Int32)
            await received(intake, 2)
        await source.close()
        async with served(port):
            await again(source, intake)
            await received(intake, 3)
            assert len(records(intake, "gap")) == 1
            await source.close()


async def test_routes_do_not_take_each_others_subscription_after_a_restart_of_the_server(tmp_path: Path) -> None:
    """It gives the same numbers again, to whoever comes first."""
    port = free_port()
    async with workbench(tmp_path) as bench:
        routes = [(source_of(bench, port, route), RecordingIntake()) for route in ("first", "second")]
        async with served(port) as node:
            for source, intake in routes:
                await source.open()
                source.run(intake)
                await received(intake, 1)
            await node.write_value(1, ua.VariantType.Int32)
            for source, intake in routes:
                await received(intake, 2)
                await source.close()
        async with served(port) as node:
            for source, intake in reversed(routes):
                await again(source, intake)
                await received(intake, 3)
            await node.write_value(7, ua.VariantType.Int32)
            for source, intake in routes:
                await received(intake, 4)
                assert values(intake) == [0, 1, 0, 7]
                assert [gap["reason"] for gap in records(intake, "gap")] == ["the server was started anew"]
                await source.close()
