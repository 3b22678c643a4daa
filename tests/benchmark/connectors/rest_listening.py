"""How many requests a second a REST listener takes, against what one would write by hand, and against the least.

    python tests/benchmark/connectors/rest_listening.py [--json]

Sixteen clients in this process send one request after the other, each when the one before was answered: to starlette on
uvicorn, which reads the JSON and answers; to the cheapest server that the HTTP parser allows, some lines that forget
them; to the listener by itself; to a daemon, which answers when its journal has them, while its destination is not
there, and while it delivers to memory; and to one whose route replies after delivery.
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

from tests.benchmark.destinations import Ends, memory, nobody
from tests.benchmark.measurement import Measurement, tell
from tests.conformance.ports import LOOPBACK, free_port, listening
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


async def by_hand() -> float:
    """Into what somebody would write who has the libraries and no Tundish."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from uvicorn import Config, Server

    async def take(request: Request) -> JSONResponse:
        return JSONResponse({"id": (await request.json())["order"]}, 202)

    port = free_port()
    app = Starlette(routes=[Route("/orders", take, methods=["POST"])])
    server = Server(Config(app, port=port, log_level="error", access_log=False, lifespan="off", http="httptools"))
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        await listening(port)
        found = await requests(port)
        server.should_exit = True
    return found


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


async def durable(folder: Path, ends: Ends) -> tuple[float, float]:
    """A daemon that answers after the journal, and after delivery."""
    from tundish.cli.terminal.project import compiled
    from tundish.runtime.daemon import Daemon
    from tundish.sdk.memory import reset

    reset()
    port, delivers = free_port(), "memory" in ends[0]
    connections = {"inbound": {"rest": {"listen": f"{LOOPBACK}:{port}"}}, "sink": ends[0]}
    to = {"sink": ends[1]}
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
        found = await requests(port), await requests(port, "/lots") if delivers else 0.0
        daemon.stop()
    return found


async def measure(folder: Path) -> list[Measurement]:
    """All of them."""
    server = await asyncio.get_running_loop().create_server(Bare, LOOPBACK, 0)
    hand = await by_hand()
    for part in ("nobody", "memory"):
        (folder / part).mkdir()
    journal, _ = await durable(folder / "nobody", nobody())
    bare = await requests(server.sockets[0].getsockname()[1])
    beside, replied = await durable(folder / "memory", memory())
    alone = await by_itself(folder / "alone")
    bare = (bare + await requests(server.sockets[0].getsockname()[1])) / 2
    server.close()
    return [
        Measurement("rest: listener → journal over starlette on uvicorn", journal / hand, at_least=0.5),
        Measurement("rest: listener by itself over the bare parser", alone / bare),
        Measurement("rest: listener → journal over the bare parser", journal / bare, at_least=0.5),
        Measurement("rest: listener → journal → memory over the bare parser", beside / bare, at_least=0.5),
        Measurement("rest: listener → journal", journal, unit="a second"),
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
