"""How many values a second come from an OPC UA server into the journal, and go out to one, against bare asyncua.

    python tests/benchmark/connectors/opcua.py [--json]

The server is node-opcua in a process of its own. Coming in, the daemon is another process, and a value counts when the
server was told that it may forget it, which is after the journal has it; bare asyncua counts it in its callback.
Going out, one node is written after the other.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import yaml

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.benchmark.measurement import Measurement, tell
from tests.conformance.opcua_peers import NodeOpcUa, missing
from tests.conformance.stand import outgoing, workbench
from tests.crash.process import Process
from tundish.sdk import connector

ROUND = 4000
"""Values at once; the server keeps no more of one node."""
ROUNDS = 5
WRITES = 500


class _Site:
    """Where the daemon lives."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.data = folder / "data"


async def _burst(server: NodeOpcUa, round_: int) -> None:
    first = round_ * ROUND
    await server.do("burst", node="Count", type="Int32", values=list(range(first + 1, first + ROUND + 1)))


async def bare_in(server: NodeOpcUa) -> float:
    """Values a second that asyncua hands to a callback."""
    from asyncua import Client

    class Counting:
        received = 0

        def datachange_notification(self, node: object, value: object, data: object) -> None:
            del node, value, data
            self.received += 1

    counting = Counting()
    async with Client(server.endpoint) as client:
        subscription = await client.create_subscription(50, counting)
        await subscription.subscribe_data_change(client.get_node("ns=1;s=Count"), queuesize=5000, sampling_interval=0)
        await asyncio.sleep(0.5)
        begun = time.perf_counter()
        for round_ in range(ROUNDS):
            before = counting.received
            await _burst(server, round_)
            while counting.received < before + ROUND:  # noqa: ASYNC110 - a callback has no event
                await asyncio.sleep(0.002)
        elapsed = time.perf_counter() - begun
    return ROUND * ROUNDS / elapsed


async def durable_in(server: NodeOpcUa, folder: Path) -> float:
    """Values a second that are in the daemon's journal, and acknowledged."""
    site = _Site(folder)
    nodes = [{"node": "ns=1;s=Count", "queue": 5000}]
    source = {"connection": "plc", "nodes": nodes, "publishing_interval": "50ms", "sampling": "0s"}
    route = {
        "route": "values",
        "from": {"opcua": source},
        "to": {"sink": {"memory": {"connection": "sink", "queue": "sink"}}},
    }
    peer = {"opcua": {"endpoint": server.endpoint, "security": "none", "structures": False}}
    for name, content in {
        "tundish.yaml": {"tundish": 1},
        "connections/peers.yaml": {"connections": {"plc": peer, "sink": {"memory": {}}}},
        "routes/values.yaml": route,
    }.items():
        path = site.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
    daemon = Process(site)
    await daemon.start()
    while not server.acknowledged:  # noqa: ASYNC110 - a foreign process has no event
        await asyncio.sleep(0.05)
    begun = time.perf_counter()
    for round_ in range(ROUNDS):
        last = str((round_ + 1) * ROUND)
        before = server.acknowledged[last]
        await _burst(server, round_)
        while server.acknowledged[last] == before:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.002)
    elapsed = time.perf_counter() - begun
    await daemon.kill()
    return ROUND * ROUNDS / elapsed


async def bare_out(server: NodeOpcUa) -> float:
    """Writes a second, one after the other."""
    from asyncua import Client, ua

    async with Client(server.endpoint) as client:
        node = client.get_node("ns=1;s=Body")
        begun = time.perf_counter()
        for number in range(WRITES):
            await node.write_value(ua.DataValue(ua.Variant(b"%d" % number, ua.VariantType.ByteString)))
        elapsed = time.perf_counter() - begun
    return WRITES / elapsed


async def delivered_out(server: NodeOpcUa, folder: Path) -> float:
    """Deliveries a second, one after the other."""
    spec = connector("opcua")
    peer: dict[str, object] = {"endpoint": server.endpoint, "security": "none", "structures": False}
    async with workbench(folder) as bench:
        stand = bench.stand(spec, spec.destination, peer, {"node": "ns=1;s=Body"})
        await stand.open()
        begun = time.perf_counter()
        for number in range(WRITES):
            await stand.destination.deliver(outgoing(number, b"%d" % number))
        elapsed = time.perf_counter() - begun
    return WRITES / elapsed


async def _measure(folder: Path) -> list[Measurement]:
    peer = folder / "peer"
    peer.mkdir()
    server = NodeOpcUa(peer, sampling=0)
    await server.start()
    try:
        bare, durable = await bare_in(server), await durable_in(server, folder)
        wrote, delivered = await bare_out(server), await delivered_out(server, folder / "out")
    finally:
        await server.stop()
    return [
        Measurement("OPC UA in, durable, values a second", durable, unit="/s"),
        Measurement("OPC UA in, times bare asyncua that keeps nothing", durable / bare, at_least=0.5),
        Measurement("OPC UA out, writes a second", delivered, unit="/s"),
        Measurement("OPC UA out, times bare asyncua", delivered / wrote, at_least=0.5),
    ]


def measure() -> list[Measurement]:
    """The figures; none where node-opcua is not installed."""
    if why := missing():
        print(f"opcua: left out, {why}", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


if __name__ == "__main__":
    tell(*measure())
