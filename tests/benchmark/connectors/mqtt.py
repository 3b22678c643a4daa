"""How many MQTT messages a second a whole daemon moves into files, and a destination publishes, beside the bare client.

    python tests/benchmark/connectors/mqtt.py [--json]

mosquitto, the load and the daemon are processes of their own. In: QoS 1 → 27-field map → one file each, everything on
disk before the broker hears of it; and the same without map and files, into the journal, while the destination is not
there, and while it takes everything. The bare client receives the same, acknowledges, and keeps nothing. Out: 64
deliveries at a time, each until the broker has acknowledged it; the bare client publishes as many at a time.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.benchmark.daemon import write_project
from tests.benchmark.destinations import memory, nobody
from tests.benchmark.mapping import INPUTS
from tests.benchmark.measurement import Measurement, tell
from tests.benchmark.mqtt_stage import AT_ONCE, bare_client, broker, daemon, rate, to_journal, together
from tests.conformance.brokers import MOSQUITTO
from tests.conformance.stand import outgoing, workbench
from tundish.journal import open_reader
from tundish.sdk import connector

COUNT = 20_000
TOPIC = "plant/line1/completions"


def confirmations(count: int) -> list[tuple[str, bytes]]:
    """Confirmations of 50 orders, each with a number of its own."""
    document = json.loads((INPUTS / "confirmation.json").read_bytes())
    made = []
    for number in range(count):
        document["messageHeader"]["messageId"] = f"{number:08d}"
        document["confirmation"]["orderNumber"] = f"{number % 50:012d}"
        made.append((TOPIC, json.dumps(document).encode()))
    return made


async def to_files(folder: Path, messages: list[tuple[str, bytes]]) -> float:
    """Messages a second that a daemon maps and writes to files."""
    out = folder / "out"
    async with broker(folder) as mosquitto:
        write_project(
            folder / "project",
            INPUTS,
            connections={
                "floor": {"mqtt": {"broker": "127.0.0.1", "port": mosquitto.port}},
                "archive": {"file": {"folder": str(out)}},
            },
            source=f"mqtt: {{connection: floor, topic: {TOPIC}}}",
            destination='file: {connection: archive, name: "{{ id }}.json"}',
        )

        async with daemon(folder):
            with open_reader(folder / "data") as journal:

                async def arrived() -> int:
                    # Whoever lists the folder again and again keeps others from putting files into it.
                    return sum(each.delivered for each in journal.totals())

                found = await rate(mosquitto.port, messages, arrived)
    if (count := sum(1 for _ in out.glob("*.json"))) != len(messages):
        raise SystemExit(f"there are {count} files of {len(messages)} messages")
    return found


async def published(folder: Path, body: bytes) -> float:
    """Messages a second that the destination publishes."""
    spec = connector("mqtt")
    async with broker(folder) as mosquitto, workbench(folder / "bench") as bench:
        connection = {"broker": "127.0.0.1", "port": mosquitto.port}
        stand = bench.stand(spec, spec.destination, connection, {"topic": "out/{{ id }}"})
        await stand.open()
        messages = [outgoing(number, body) for number in range(COUNT)]
        return await together(COUNT, lambda number: stand.destination.deliver(messages[number]))


async def published_bare(folder: Path, body: bytes) -> float:
    """Messages a second that paho publishes, with as many in flight."""
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    loop = asyncio.get_running_loop()
    waiting: dict[int, asyncio.Future[None]] = {}

    def acknowledged(mid: int) -> None:
        waiting.pop(mid).set_result(None)

    def on_publish(client: Client, userdata: object, mid: int, reason: ReasonCode, properties: Properties) -> None:
        loop.call_soon_threadsafe(acknowledged, mid)

    async with broker(folder) as mosquitto:
        client = Client(CallbackAPIVersion.VERSION2, client_id="bare", protocol=MQTTProtocolVersion.MQTTv5)
        client.max_inflight_messages_set(AT_ONCE)
        client.on_publish = on_publish
        client.connect("127.0.0.1", mosquitto.port)
        client.loop_start()

        async def send(number: int) -> None:
            future: asyncio.Future[None] = loop.create_future()
            waiting[client.publish(f"out/{number}", body, 1).mid] = future
            await future

        try:
            return await together(COUNT, send)
        finally:
            client.disconnect()
            client.loop_stop()


async def measure() -> list[Measurement]:
    """Every figure of this connector."""
    messages = confirmations(COUNT)
    with tempfile.TemporaryDirectory() as parent:
        for name in ("bare", "files/out", "journal", "beside", "out", "bare-out"):
            (Path(parent) / name).mkdir(parents=True)
        bare = await bare_client(Path(parent) / "bare", messages, TOPIC, len)
        settings = {"topic": TOPIC}
        journal = await to_journal(Path(parent) / "journal", "mqtt", {}, settings, messages, ends=nobody())
        beside = await to_journal(Path(parent) / "beside", "mqtt", {}, settings, messages, ends=memory())
        files = await to_files(Path(parent) / "files", messages)
        out = await published(Path(parent) / "out", messages[0][1])
        bare_out = await published_bare(Path(parent) / "bare-out", messages[0][1])
    return [
        Measurement("mqtt: the bare client receives and acknowledges QoS 1", bare, unit="a second"),
        Measurement("mqtt: QoS 1 → journal", journal, unit="a second"),
        Measurement("mqtt: QoS 1 → journal over the bare client", journal / bare, at_least=0.5),
        Measurement("mqtt: the same, delivered to memory meanwhile", beside / bare, at_least=0.5),
        Measurement("mqtt: QoS 1 → 27-field map → file, durable", files, at_least=5000, unit="a second"),
        Measurement("mqtt: the destination publishes, 64 at a time", out, unit="a second"),
        Measurement("mqtt: the destination over the bare client", out / bare_out, at_least=0.5),
    ]


if __name__ == "__main__":
    if MOSQUITTO is None:
        raise SystemExit("mosquitto is not installed: on Debian, apt-get install mosquitto")
    tell(*asyncio.run(measure()))
