"""node-opcua as the peer; it tells which values were in notifications that were acknowledged."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tests.conformance.opcua_peers import NodeOpcUa
from tundish.model import Unit


class _Value(Produced):
    def __init__(self, server: NodeOpcUa, text: str, before: int) -> None:
        self._server = server
        self._text = text
        self._before = before

    @property
    def is_acknowledged(self) -> bool:
        """The notification that held it has left the server's retransmission queue because of an acknowledgement."""
        return self._server.acknowledged[self._text] > self._before


class Harness(PeerHarness):
    """One node that holds bytes."""

    waived: ClassVar[Mapping[str, str]] = {}
    meta: ClassVar[frozenset[str]] = frozenset({"endpoint", "subscription", "sequence", "published"})

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._server = NodeOpcUa(folder, sampling=0)

    async def start(self) -> None:
        """Start the server; what it collected for anybody is gone."""
        await self._server.start()

    async def stop(self) -> None:
        """Kill it."""
        await self._server.stop()

    def connection(self, role: Role) -> Mapping[str, object]:
        """Without encryption: certificates have tests of their own."""
        return {"endpoint": self._server.endpoint, "security": "none", "keepalive": "1s", "structures": False}

    def settings(self, role: Role) -> Mapping[str, object]:
        """A notification for each value, so that a unit is what was produced."""
        if role == "source":
            node = {"node": "ns=1;s=Body", "queue": 10000, "trigger": "timestamp"}
            fast = {"publishing_interval": "50ms", "sampling": "0s", "most_values": 1}
            return {"nodes": [node], "initial_values": False, **fast}
        if role == "destination":
            return {"node": "ns=1;s=Body"}
        return {"nodes": {"body": "ns=1;s=Body"}}

    async def produce(self, body: bytes) -> Produced:
        """The machine gives the node a value."""
        text = base64.b64encode(body).decode()
        made = _Value(self._server, text, self._server.acknowledged[text])
        await self._server.write("Body", "ByteString", text)
        return made

    def body_of(self, unit: Unit) -> bytes:
        """What was produced."""
        assert isinstance(unit.body, bytes)
        record: dict[str, Any] = json.loads(unit.body)
        return base64.b64decode(record["value"]) if record["kind"] == "value" else unit.body

    async def collected(self) -> list[bytes]:
        """What clients wrote."""
        return [base64.b64decode(text) for text in self._server.written]
