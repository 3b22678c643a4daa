"""node-opcua as the peer; it tells which values were in notifications that were acknowledged."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tests.conformance.opcua_peers import NodeOpcUa
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.proxy import Proxy
from tundish.model import Unit


def _is_open(made: Produced) -> bool:
    return not made.is_acknowledged


class _Value(Produced):
    def __init__(self, server: NodeOpcUa, text: str, before: int) -> None:
        self._server = server
        self._text = text
        self._before = before

    @property
    def is_acknowledged(self) -> bool:
        """The notification that held it has left the server's retransmission queue because of an acknowledgement."""
        return self._server.acknowledged[self._text] > self._before


_REPEAT_EVERY = 0.5
"""Seconds between two attempts of the machine to get rid of what a server lost with its memory."""


class Harness(PeerHarness):
    """A node that holds text, and one that holds bytes."""

    waived: ClassVar[Mapping[str, str]] = {}
    meta: ClassVar[frozenset[str]] = frozenset({"endpoint", "subscription", "sequence", "published"})

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._server = NodeOpcUa(folder, sampling=0)
        self._line = Proxy(free_port(), self._server.port)
        self._produced: dict[str, _Value] = {}
        self._repeating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the server. What it had collected for us is gone, so the machine says it again until we have it."""
        await self._server.start()
        await self._line.start()
        if self._repeating is None and (lost := [text for text, made in self._produced.items() if _is_open(made)]):
            self._repeating = asyncio.get_running_loop().create_task(self._repeat(lost))

    async def _repeat(self, lost: list[str]) -> None:
        while lost := [text for text in lost if _is_open(self._produced[text])]:
            for text in lost:
                await self._server.write("Order", "String", text)
            await asyncio.sleep(_REPEAT_EVERY)

    async def stop(self) -> None:
        """Kill it, unless another test can have its process."""
        if self._repeating is not None:
            self._repeating.cancel()
            await asyncio.wait([self._repeating])
            self._repeating = None
        await self._line.stop()
        await (self._server.leave() if self.is_over else self._server.stop())

    def connection(self, role: Role) -> Mapping[str, object]:
        """Without encryption: certificates have tests of their own."""
        endpoint = f"opc.tcp://{LOOPBACK}:{self._line.port}/test"
        return {"endpoint": endpoint, "security": "none", "keepalive": "1s", "structures": False}

    def line(self, role: Role) -> Proxy:
        """The one way to the server."""
        return self._line

    def patience(self, seconds: int) -> Mapping[str, object]:
        """It asks as often."""
        return {"keepalive": f"{seconds}s", "connect_timeout": f"{seconds}s"}

    def settings(self, role: Role) -> Mapping[str, object]:
        """A notification for each value, so that a unit is what was produced."""
        if role == "source":
            node = {"node": "ns=1;s=Order", "queue": 10000, "trigger": "timestamp"}
            fast = {"publishing_interval": "50ms", "sampling": "0s", "most_values": 1}
            return {"nodes": [node], "initial_values": False, **fast}
        if role == "destination":
            return {"node": "ns=1;s=Body"}
        return {"nodes": {"body": "ns=1;s=Body"}}

    async def produce(self, body: bytes) -> Produced:
        """The machine gives the node a value."""
        text = body.decode()
        made = self._produced[text] = _Value(self._server, text, self._server.acknowledged[text])
        await self._server.write("Order", "String", text)
        return made

    def body_of(self, unit: Unit) -> bytes:
        """What was produced."""
        assert isinstance(unit.body, bytes)
        record: dict[str, Any] = json.loads(unit.body)
        return str(record["value"]).encode() if record["kind"] == "value" else unit.body

    async def collected(self) -> list[bytes]:
        """What clients wrote."""
        return [base64.b64decode(text) for text in self._server.written]
