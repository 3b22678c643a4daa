"""What the benchmarks of connectors that speak through an MQTT broker stand on: broker, load, daemon, bare client."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import yaml

from tests.benchmark.destinations import Ends
from tests.benchmark.mqtt_load import framed
from tests.conformance.brokers import Mosquitto
from tundish.journal import open_reader

AT_ONCE = 64
"""Deliveries that are made at the same time."""
LONGEST = 120.0
LOAD = Path(__file__).with_name("mqtt_load.py")
FAST_BROKER = {
    "max_inflight_messages": "0",
    "set_tcp_nodelay": "true",
    "autosave_on_changes": "false",
    "autosave_interval": "1800",
}
"""As a plant would set it up: the broker's own disk is not what is measured."""

Messages = Sequence[tuple[str, bytes]]
"""Topics and payloads."""


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
async def daemon(folder: Path) -> AsyncIterator[None]:
    """A daemon on `folder/project`, as a plant runs it, with its data in `folder/data`."""
    log = folder / "daemon.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from tundish.cli import main; main()"),
            *("run", str(folder / "project"), "--data", str(folder / "data"), "--log-level", "warning"),
            stdout=output,
            stderr=output,
        )
    try:
        while not (folder / "data" / "control.sock").exists():
            await asyncio.sleep(0.05)
            if process.returncode is not None:
                raise SystemExit(log.read_text())
        await asyncio.sleep(1.0)
        yield
    finally:
        process.terminate()
        await process.wait()


async def publish(port: int, messages: Messages, qos: int = 1) -> None:
    """Let the load publish."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(LOAD), str(port), str(qos)), stdin=asyncio.subprocess.PIPE
    )
    await process.communicate(framed(messages))
    if process.returncode:
        raise SystemExit("the load could not be published")


async def rate(port: int, messages: Messages, arrived: Callable[[], Awaitable[int]], qos: int = 1) -> float:
    """Messages a second, from the first arrival to the last one."""
    async with asyncio.timeout(LONGEST), asyncio.TaskGroup() as group:
        group.create_task(publish(port, messages, qos))
        while not (first := await arrived()):  # noqa: ASYNC110 - neither a folder nor a thread has an event for us
            await asyncio.sleep(0.01)
        since = time.perf_counter()
        while (found := await arrived()) < len(messages):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
        return (found - first) / (time.perf_counter() - since)


async def bare_client(
    folder: Path, messages: Messages, subscription: str, use: Callable[[bytes], object], qos: int = 1
) -> float:
    """paho with its own thread: receives, lets somebody use the payload, acknowledges, keeps nothing."""
    from paho.mqtt.client import Client, MQTTMessage
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

    received = 0

    def on_message(client: Client, userdata: object, message: MQTTMessage) -> None:
        nonlocal received
        received += 1
        use(bytes(message.payload))
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
        client.subscribe(subscription, 1)
        await asyncio.sleep(0.2)
        try:
            return await rate(mosquitto.port, messages, arrived, qos)
        finally:
            client.disconnect()
            client.loop_stop()


async def to_journal(
    folder: Path,
    connector: str,
    connection: Mapping[str, object],
    source: Mapping[str, object],
    messages: Messages,
    *,
    ends: Ends,
    qos: int = 1,
) -> float:
    """Messages a second that a daemon has on disk; `ends` says who gets them meanwhile."""
    route = {
        "route": "bench",
        "from": {connector: {"connection": "floor", **source}},
        "to": {"sink": ends[1]},
    }
    (folder / "project").mkdir(parents=True)
    async with broker(folder) as mosquitto:
        floor = {"broker": "127.0.0.1", "port": mosquitto.port, **connection}
        connections = {"floor": {connector: floor}, "sink": ends[0]}
        parts = {"tundish": {"tundish": 1}, "peers": {"connections": connections}, "route": route}
        for name, content in parts.items():
            (folder / "project" / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        async with daemon(folder):
            with open_reader(folder / "data") as journal:

                async def arrived() -> int:
                    return sum(each.accepted for each in journal.totals())

                return await rate(mosquitto.port, messages, arrived, qos)


async def together(count: int, send: Callable[[int], Awaitable[object]]) -> float:
    """How many a second are sent, `AT_ONCE` at a time."""
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            await send(number)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    return count / (time.perf_counter() - begun)
