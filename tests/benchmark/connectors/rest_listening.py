"""How many requests a second a REST listener takes, against what one would write by hand, and against the least.

    python tests/benchmark/connectors/rest_listening.py [--json]

Every server is a process of its own; sixteen clients in this process send one request after the other, each when the
one before was answered: to starlette on uvicorn, which reads the JSON and answers; to the cheapest server that the
HTTP parser allows, some lines that forget them; to the listener by itself; to a daemon, which answers when its journal
has them, while its destination is not there, and while it delivers to memory; and to one whose route replies after
delivery. Sixteen clients wait for the disk most of the time, so that starlette and the daemon are also asked by more.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import harmonic_mean
from typing import Any

import httptools
import yaml

# Python puts the folder of the script first; the tests are a package of the repository's root.
ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from tests.benchmark.destinations import Ends, memory, nobody  # noqa: E402 - the script's own folder comes first otherwise
from tests.benchmark.measurement import Measurement, tell  # noqa: E402 - as above
from tests.benchmark.serving import serving  # noqa: E402 - as above
from tests.conformance.ports import LOOPBACK, free_port  # noqa: E402 - as above
from tests.conformance.stand import RecordingIntake, workbench  # noqa: E402 - as above
from tests.crash.process import Process  # noqa: E402 - as above
from tundish.sdk import connector  # noqa: E402 - as above

CLIENTS = 16
MANY = 64
SECONDS = 3.0
TURNS = 3
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


async def parser(port: int) -> None:
    """Serve by the bare parser."""
    await (await asyncio.get_running_loop().create_server(Bare, LOOPBACK, port)).serve_forever()


async def by_hand(port: int) -> None:
    """Serve by what somebody would write who has the libraries and no Tundish."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from uvicorn import Config, Server

    async def take(request: Request) -> JSONResponse:
        return JSONResponse({"id": (await request.json())["order"]}, 202)

    app = Starlette(routes=[Route("/orders", take, methods=["POST"])])
    await Server(Config(app, port=port, log_level="error", access_log=False, lifespan="off", http="httptools")).serve()


async def by_itself(port: int) -> None:
    """Serve by the listener, with an intake that takes everything at once."""
    spec = connector("rest")
    with tempfile.TemporaryDirectory() as folder:
        async with workbench(Path(folder)) as bench:
            stand = bench.stand(spec, spec.source, {"listen": f"{LOOPBACK}:{port}"}, {"path": "/orders"})
            await stand.open()
            stand.run(RecordingIntake())
            await asyncio.Event().wait()


async def requests(port: int, path: str = "/orders", clients: int = CLIENTS) -> float:
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
        for _ in range(clients):
            group.create_task(client())
    return answered / SECONDS


def code_of(how: str) -> str:
    """Serves by a function of this module."""
    return f"import asyncio; from tests.benchmark.connectors.rest_listening import {how}\nasyncio.run({how}(PORT))"


@dataclass(frozen=True, slots=True)
class Site:
    """Where a daemon lives."""

    folder: Path

    @property
    def project(self) -> Path:
        """Its project."""
        return self.folder / "project"

    @property
    def data(self) -> Path:
        """Its data."""
        return self.folder / "data"


async def durable(folder: Path, ends: Ends) -> tuple[float, float, float]:
    """A daemon that answers after the journal, the same for many clients, and after delivery."""
    site, port, delivers = Site(folder), free_port(), "memory" in ends[0]
    site.project.mkdir(parents=True)
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
        (site.project / name).write_text(yaml.safe_dump(content, sort_keys=False))
    daemon = Process(site)
    await daemon.start()
    try:
        few, many = await requests(port), await requests(port, clients=MANY)
        return few, many, await requests(port, "/lots") if delivers else 0.0
    finally:
        await daemon.kill()


async def measure(folder: Path) -> list[Measurement]:
    """All of them, in turns: a machine is not the same for long."""
    rates: dict[str, list[float]] = defaultdict(list)
    for turn in range(TURNS):
        for how in ("by_hand", "parser", "by_itself"):
            async with serving(code_of(how)) as port:
                rates[how].append(await requests(port))
                if how == "by_hand":
                    rates["many by hand"].append(await requests(port, clients=MANY))
        few, many, _ = await durable(folder / f"nobody-{turn}", nobody())
        rates["journal"].append(few)
        rates["many"].append(many)
    beside, _, replied = await durable(folder / "memory", memory())
    found = {how: harmonic_mean(measured) for how, measured in rates.items()}
    bare, journal = found["parser"], found["journal"]
    return [
        Measurement("rest: listener → journal over starlette on uvicorn", journal / found["by_hand"], at_least=0.5),
        Measurement(
            f"rest: the same with {MANY} clients instead of {CLIENTS}",
            found["many"] / found["many by hand"],
            at_least=0.5,
        ),
        Measurement("rest: listener by itself over the bare parser", found["by_itself"] / bare),
        Measurement("rest: listener → journal over the bare parser", journal / bare, at_least=0.5),
        Measurement("rest: listener → journal → memory over the bare parser", beside / bare, at_least=0.5),
        Measurement("rest: listener → journal", journal, unit="a second"),
        Measurement("rest: the same, replied after delivery", replied, unit="a second"),
    ]


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        tell(*asyncio.run(measure(Path(folder))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
