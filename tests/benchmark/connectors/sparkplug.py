"""How many Sparkplug messages a second a whole daemon has on disk, and an edge node publishes, beside bare libraries.

    python tests/benchmark/connectors/sparkplug.py [--json]

In: data with ten metrics under aliases, from one edge node with QoS 0. The bare client receives the same with paho and
makes JSON of it as protobuf does; it knows no alias, checks nothing and keeps nothing. Out: 64 deliveries at a time.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from google.protobuf.json_format import MessageToJson

from tests.benchmark.destinations import nobody
from tests.benchmark.measurement import Measurement, tell
from tests.benchmark.mqtt_stage import bare_client, broker, to_journal, together
from tests.conformance.brokers import MOSQUITTO
from tests.conformance.stand import outgoing, workbench
from tundish.model import Outgoing
from tundish.sdk import connector
from tundish_connectors.sparkplug.payload.datatypes import DataType
from tundish_connectors.sparkplug.payload.encoding import encode
from tundish_connectors.sparkplug.payload.metrics import Message, Metric
from tundish_connectors.sparkplug.payload.schema import Payload

COUNT = 20_000
METRICS = 10


def talk(count: int) -> list[tuple[str, bytes]]:
    """A birth and the data behind it."""
    now = int(time.time() * 1000)
    born = tuple(
        Metric(f"line/cell/axis {number}/temperature", DataType.Double, Decimal("20.5"), number, now)
        for number in range(METRICS)
    )
    made = [("spBv1.0/plant/NBIRTH/edge", encode(Message(born, now, 0)))]
    for number in range(1, count):
        metrics = tuple(
            Metric("", DataType.Double, Decimal(number) / 8 + alias, alias, now + number) for alias in range(METRICS)
        )
        made.append(("spBv1.0/plant/NDATA/edge", encode(Message(metrics, now + number, number % 256))))
    return made


def deliveries(count: int) -> list[Outgoing]:
    """Messages with ten values each."""
    made = outgoing(1)
    return [
        Outgoing(
            id=number,
            key="",
            idempotency_key="",
            record={f"m{index}": Decimal(number) / 8 for index in range(METRICS)},
            body=b"",
            content_type="",
            scope=made.scope,
        )
        for number in range(count)
    ]


def as_json(payload: bytes) -> str:
    """What a script would do with a payload."""
    return MessageToJson(Payload.FromString(payload))


async def published(folder: Path) -> float:
    """Messages a second that our edge node publishes."""
    spec = connector("sparkplug")
    types = {f"m{index}": "Double" for index in range(METRICS)}
    async with broker(folder) as mosquitto, workbench(folder / "bench") as bench:
        connection = {"broker": "127.0.0.1", "port": mosquitto.port}
        settings = {"group": "plant", "edge_node": "ours", "metrics": types}
        stand = bench.stand(spec, spec.destination, connection, settings)
        await stand.open()
        messages = deliveries(COUNT)
        return await together(COUNT, lambda number: stand.destination.deliver(messages[number]))


async def measure() -> list[Measurement]:
    """Every figure of this connector."""
    messages = talk(COUNT)
    with tempfile.TemporaryDirectory() as parent:
        for name in ("bare", "journal", "out"):
            (Path(parent) / name).mkdir(parents=True)
        bare = await bare_client(Path(parent) / "bare", messages, "spBv1.0/#", as_json, 0)
        kinds = {"kinds": ["NBIRTH", "NDATA"]}
        journal = await to_journal(
            Path(parent) / "journal", "sparkplug", {"host_id": "bench"}, kinds, messages, ends=nobody(), qos=0
        )
        out = await published(Path(parent) / "out")
    return [
        Measurement("sparkplug: paho receives and protobuf makes JSON", bare, unit="a second"),
        Measurement("sparkplug: ten metrics → journal", journal, unit="a second"),
        Measurement("sparkplug: ten metrics → journal over the bare client", journal / bare, at_least=0.5),
        Measurement("sparkplug: the edge node publishes ten metrics, 64 at a time", out, unit="a second"),
    ]


if __name__ == "__main__":
    if MOSQUITTO is None:
        raise SystemExit("mosquitto is not installed: on Debian, apt-get install mosquitto")
    tell(*asyncio.run(measure()))
