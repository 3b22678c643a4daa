"""How many requests a second a REST listener takes, against the cheapest server that its HTTP parser allows.

    python tests/benchmark/connectors/rest_listening.py [--json]

Sixteen clients in this process send one request after the other, each when the one before was answered: to a server of
some lines on the same parser, which forgets them; to the listener by itself; to a daemon, which answers when its
journal has them, and delivers them to memory meanwhile; and to one whose route replies after delivery.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httptools
import yaml

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.benchmark.measurement import Measurement, tell
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import RecordingIntake, workbench
from tundish.sdk import connector
from tundish.telemetry import configure_logs

CLIENTS = 16
SECONDS = 3.0
BODY = json.dumps({"order": "000004711", "text": "x" * 1200}).encode()


class Bare(asyncio.Protocol):
    """Parses requests and forgets them."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Another client."""
        self._transport: Any = transport
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        """Parse."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Answer."""
        self._transport.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 12\r\n\r\n" + b'{"id":"123"}')


async def requests(port: int, path: str = "/orders") -> float:
    """Answers a second."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    request, answered = head.encode() + BODY, 0
    end = time.perf_counter() + SECONDS

    async def client() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        while time.perf_counter() < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 202 " in head or b" 200 " in head, head
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            answered += 1
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client())
    return answered / SECONDS


async def by_itself(folder: Path) -> float:
    """The listener with an intake that takes everything at once."""
    spec, port = connector("rest"), free_port()
    async with workbench(folder) as bench:
        stand = bench.stand(spec, spec.source, {"listen": f"{LOOPBACK}:{port}"}, {"path": "/orders"})
        await stand.open()
        stand.run(RecordingIntake())
        await asyncio.sleep(0)
        return await requests(port)


async def durable(folder: Path) -> tuple[float, float]:
    """A daemon that answers after the journal, and after delivery."""
    from tundish.cli.terminal.project import compiled
    from tundish.runtime.daemon import Daemon
    from tundish.sdk.memory import reset

    reset()
    port = free_port()
    connections = {"inbound": {"rest": {"listen": f"{LOOPBACK}:{port}"}}, "sink": {"memory": {}}}
    to = {"sink": {"memory": {"connection": "sink", "queue": "out"}, "concurrency": 64}}
    for name, content in {
        "tundish.yaml": {"tundish": 1},
        "connections.yaml": {"connections": connections},
        "orders.yaml": {"route": "orders", "from": {"rest": {"connection": "inbound", "path": "/orders"}}, "to": to},
        "lots.yaml": {
            "route": "lots",
            "from": {"rest": {"connection": "inbound", "path": "/lots"}},
            "reply": "after-delivery",
            "to": to,
        },
    }.items():
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False))
    daemon = Daemon(lambda: compiled(folder, None), folder / "data")
    async with asyncio.TaskGroup() as group:
        group.create_task(daemon.run())
        while daemon.state == "starting":  # noqa: ASYNC110 - it is ready within a second
            await asyncio.sleep(0.01)
        found = await requests(port), await requests(port, "/lots")
        daemon.stop()
    return found


async def measure(folder: Path) -> list[Measurement]:
    """All of them."""
    server = await asyncio.get_running_loop().create_server(Bare, LOOPBACK, 0)
    bare = await requests(server.sockets[0].getsockname()[1])
    server.close()
    alone = await by_itself(folder / "alone")
    (folder / "project").mkdir()
    journal, replied = await durable(folder / "project")
    return [
        Measurement("rest: listener by itself over the bare parser", alone / bare),
        Measurement("rest: listener → journal → memory over the bare parser", journal / bare, at_least=0.5),
        Measurement("rest: listener → journal → memory", journal, unit="a second"),
        Measurement("rest: the same, replied after delivery", replied, unit="a second"),
    ]


def main() -> int:
    """Measure and print."""
    configure_logs(level="error")
    with tempfile.TemporaryDirectory() as folder:
        tell(*asyncio.run(measure(Path(folder))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
