"""How many MQTT messages a second a whole daemon moves into files, and publishes, beside the bare client.

    python tests/benchmark/connectors/mqtt.py [--json]

mosquitto, the load and the daemon are processes of their own. In: QoS 1 → 27-field map → one file each, everything on
disk before the broker hears of it. The bare client receives the same, acknowledges, and keeps nothing.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.benchmark.daemon import write_project
from tests.benchmark.mapping import INPUTS
from tests.benchmark.measurement import Measurement, tell
from tests.conformance.brokers import MOSQUITTO, Mosquitto

COUNT = 20_000
LONGEST = 120.0
LOAD = Path(__file__).resolve().parents[1] / "mqtt_load.py"
TOPIC = "plant/line1/completions"
FAST_BROKER = {
    "max_inflight_messages": "0",
    "set_tcp_nodelay": "true",
    "autosave_on_changes": "false",
    "autosave_interval": "1800",
}


@asynccontextmanager
async def broker(folder: Path) -> AsyncIterator[Mosquitto]:
    """mosquitto, running."""
    found = Mosquitto(folder, FAST_BROKER)
    await found.start()
    try:
        yield found
    finally:
        await found.stop()


@asynccontextmanager
async def daemon(folder: Path) -> AsyncIterator[Path]:
    """A daemon on `folder/project`, as a plant runs it; the project's own output folder is made before."""
    log = folder / "daemon.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from tundish.cli import main; main()"),
            *("run", str(folder / "project"), "--data", str(folder / "data"), "--log-level", "info"),
            stdout=output,
            stderr=output,
        )
    try:
        while b"daemon.ready" not in log.read_bytes():
            await asyncio.sleep(0.05)
            if process.returncode is not None:
                raise SystemExit(log.read_text())
        yield log
    finally:
        process.terminate()
        await process.wait()


async def publish(port: int, count: int) -> None:
    """Let the load publish so many confirmations."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(LOAD), str(port), TOPIC, str(count)), stdin=asyncio.subprocess.PIPE
    )
    await process.communicate((INPUTS / "confirmation.json").read_bytes())
    if process.returncode:
        raise SystemExit("the load could not be published")


async def rate(port: int, count: int, arrived: Callable[[], Awaitable[int]]) -> float:
    """Messages a second, from the first arrival to the last one."""
    async with asyncio.timeout(LONGEST), asyncio.TaskGroup() as group:
        group.create_task(publish(port, count))
        while not (first := await arrived()):  # noqa: ASYNC110 - neither a folder nor a thread has an event for us
            await asyncio.sleep(0.01)
        since = time.perf_counter()
        while (found := await arrived()) < count:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
        return (found - first) / (time.perf_counter() - since)


async def bare_client(folder: Path) -> float:
    """paho with its own thread: receives, acknowledges, counts."""
    from paho.mqtt.client import Client, MQTTMessage
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

    received = 0

    def on_message(client: Client, userdata: object, message: MQTTMessage) -> None:
        nonlocal received
        received += 1
        client.ack(message.mid, message.qos)

    async def arrived() -> int:
        return received

    async with broker(folder) as mosquitto:
        client = Client(
            CallbackAPIVersion.VERSION2, client_id="bare", protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
        )
        client.on_message = on_message
        client.connect("127.0.0.1", mosquitto.port)
        client.loop_start()
        while not client.is_connected():  # noqa: ASYNC110 - its thread has no event for us
            await asyncio.sleep(0.01)
        client.subscribe(TOPIC, 1)
        await asyncio.sleep(0.2)
        try:
            return await rate(mosquitto.port, COUNT, arrived)
        finally:
            client.disconnect()
            client.loop_stop()


async def to_files(folder: Path, destination: str) -> float:
    """Messages a second that a daemon moves into files."""
    out = folder / "out"
    async with broker(folder) as mosquitto:
        write_project(
            folder / "project",
            INPUTS,
            connections={
                "floor": {"mqtt": {"broker": "127.0.0.1", "port": mosquitto.port}},
                "archive": {"file": {"folder": str(out)}},
            },
            source=f"mqtt: {{connection: floor, topic: {TOPIC}, receive_maximum: 100}}",
            destination=destination,
        )

        async def arrived() -> int:
            return sum(1 for name in await asyncio.to_thread(lambda: [*out.iterdir()]) if name.suffix == ".json")

        async with daemon(folder):
            return await rate(mosquitto.port, COUNT, arrived)


async def measure() -> list[Measurement]:
    """Every figure of this connector."""
    with tempfile.TemporaryDirectory() as parent:
        for name in ("bare", "files/out"):
            (Path(parent) / name).mkdir(parents=True)
        bare = await bare_client(Path(parent) / "bare")
        files = await to_files(Path(parent) / "files", 'file: {connection: archive, name: "{{ id }}.json"}')
    return [
        Measurement("mqtt: QoS 1 → 27-field map → file, durable", files, at_least=5000, unit="a second"),
        Measurement("mqtt: QoS 1 → map → file over the bare client", files / bare),
        Measurement("mqtt: the bare client receives and acknowledges", bare, unit="a second"),
    ]


if __name__ == "__main__":
    if MOSQUITTO is None:
        raise SystemExit("mosquitto is not installed: on Debian, apt-get install mosquitto")
    tell(*asyncio.run(measure()))
