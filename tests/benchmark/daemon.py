"""How many messages a second a whole daemon moves, durably, load and sink included.

    python tests/benchmark/daemon.py [--json] [folder with confirmation.json and handwritten.py]

Two flows through the 27-field mapping, validated against its model: from memory to memory in one process, where the
bare journal (accept, start, close, 64 at a time) says what the disk allows; and from HTTP to HTTP with 16 clients, the
daemon a process of its own as a plant runs it, clients and sink in this one.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import yaml

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmark.mapping import HERE, INPUTS, UNITS, load_yardstick
from tests.benchmark.measurement import Measurement, tell
from tests.conformance.ports import free_port
from tundish.journal import NewMessage, NewUnit, open_journal
from tundish.telemetry import configure_logs

CLIENTS = 16
AT_ONCE = 64
SECONDS = 5.0
WARM_UP = 1.0
MESSAGES = 10_000

ROUTE = """\
route: confirmations
from:
  {source}
key: confirmation.orderNumber
steps:
  - map: confirmation-to-canonical
to:
  erp:
    {destination}
    concurrency: 64
"""


def write_project(
    folder: Path, inputs: Path, *, connections: Mapping[str, object], source: str, destination: str
) -> None:
    """The route with the mapping, the model and the code lists of the yardstick."""
    parts: dict[str, object] = {
        "tundish.yaml": {"tundish": 1},
        "connections/peers.yaml": {"connections": connections},
        "contracts/mes.yaml": {"contract": "mes-confirmation", "schema": {"type": "object"}},
    }
    for name, entries in {**load_yardstick(inputs).CODES, "units": UNITS}.items():
        canonical: dict[str, list[str]] = {}
        for alias, value in entries.items():
            canonical.setdefault(value, []).append(alias)
        codes = {value: {"aliases": aliases} for value, aliases in canonical.items()}
        parts[f"codes/{name}.yaml"] = {"codes": name, "entries": codes}
    for name, content in parts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
    for kind in ("mapping", "model"):
        path = folder / f"{kind}s" / f"confirmation-{kind}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text((HERE / path.name).read_text())
    (folder / "routes").mkdir()
    (folder / "routes" / "confirmations.yaml").write_text(ROUTE.format(source=source, destination=destination))


def bodies(inputs: Path, count: int) -> list[bytes]:
    """Confirmations of 50 orders."""
    document = json.loads((inputs / "confirmation.json").read_bytes())
    made = []
    for number in range(count):
        document["confirmation"]["orderNumber"] = f"{number % 50:012d}"
        made.append(json.dumps(document).encode())
    return made


async def bare_journal(folder: Path, body: bytes, seconds: float) -> float:
    """Accept, start and close, `AT_ONCE` at a time, with nothing in between."""
    journal = await open_journal(folder)
    version = await journal.register_route("bench", bytes(16), "")
    begun = time.perf_counter()
    done = 0

    async def work() -> None:
        nonlocal done
        while time.perf_counter() - begun < seconds:
            message = NewMessage("WO-1", secrets.token_bytes(16), b"", ("erp",))
            accepted = await journal.accept(NewUnit(version, 0, b"{}", body, (message,)))
            journal.started(accepted.fresh[0], "erp")
            await journal.done(accepted.fresh[0], "erp", "delivered")
            done += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    elapsed = time.perf_counter() - begun
    await journal.close()
    return done / elapsed


async def memory_to_memory(folder: Path, inputs: Path, count: int) -> float:
    """Messages a second from the first acceptance to the last receipt."""
    from tundish.cli.terminal.project import compiled
    from tundish.runtime.daemon import Daemon
    from tundish.sdk.memory import memory

    write_project(
        folder / "project",
        inputs,
        connections={"plant": {"memory": {}}},
        source="memory: {connection: plant, queue: in}",
        destination="memory: {connection: plant, queue: out}",
    )
    daemon = Daemon(lambda: compiled(folder / "project", None), folder / "data")
    async with asyncio.TaskGroup() as group:
        group.create_task(daemon.run())
        while daemon.state == "starting":  # noqa: ASYNC110 - it is ready within a second
            await asyncio.sleep(0.01)
        messages = bodies(inputs, count)
        out = memory("plant").queue("out")
        begun = time.perf_counter()
        for body in messages:
            memory("plant").queue("in").send(body)
        while len(out.delivered) < count:  # noqa: ASYNC110 - the queue announces nothing
            await asyncio.sleep(0.005)
        elapsed = time.perf_counter() - begun
        daemon.stop()
    return count / elapsed


class Sink(asyncio.Protocol):
    """The cheapest HTTP server that can be: it counts requests and answers each with 200."""

    received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Another connection of the daemon's pool."""
        self._transport = cast("asyncio.Transport", transport)
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = re.search(rb"content-length: *(\d+)", self._buffer[:end], re.IGNORECASE)
            whole = end + 4 + int(length[1] if length else 0)
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            Sink.received += 1
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


async def client(port: int, body: bytes, end: float) -> None:
    """Sends one confirmation after the other on one connection, each when the one before was accepted."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /confirmations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    request = head.encode() + b"\r\n\r\n" + body
    while time.perf_counter() < end:
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        if b" 202 " not in answer.split(b"\r\n", 1)[0]:
            raise SystemExit(f"the daemon answered {answer!r}")
        length = re.search(rb"content-length: *(\d+)", answer, re.IGNORECASE)
        await reader.readexactly(int(length[1] if length else 0))
    writer.close()


async def http_to_http(folder: Path, inputs: Path, seconds: float) -> float:
    """Messages a second that reach the sink while 16 clients send."""
    inbound, sink = free_port(), free_port()
    connections = {
        "inbound": {"rest": {"listen": f"127.0.0.1:{inbound}"}},
        "erp": {"rest": {"url": f"http://127.0.0.1:{sink}"}},
    }
    write_project(
        folder / "project",
        inputs,
        connections=connections,
        source="rest: {connection: inbound, path: /confirmations}",
        destination="rest: {connection: erp, method: POST, path: /confirmations}",
    )
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", sink)
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
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for body in bodies(inputs, CLIENTS):
                group.create_task(client(inbound, body, begun + WARM_UP + seconds))
            await asyncio.sleep(WARM_UP)
            before, since = Sink.received, time.perf_counter()
        return (Sink.received - before) / (time.perf_counter() - since)
    finally:
        process.terminate()
        await process.wait()
        server.close()


def main() -> int:
    """Measure both flows and print them."""
    given = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    inputs = Path(given[0]) if given else INPUTS
    configure_logs(level="error")
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        (body,) = bodies(inputs, 1)
        bare = asyncio.run(bare_journal(folder / "bare", body, SECONDS))
        memory = asyncio.run(memory_to_memory(folder / "memory", inputs, MESSAGES))
        http = asyncio.run(http_to_http(folder / "http", inputs, SECONDS))
        tell(
            Measurement("daemon: memory → 27-field map → memory, durable", memory, unit="a second"),
            Measurement("daemon: memory → memory over the bare journal", memory / bare),
            Measurement(
                "daemon: HTTP → 27-field map → HTTP, durable, 16 clients", http, at_least=2000, unit="a second"
            ),
            Measurement("daemon: HTTP → HTTP over the bare journal", http / bare),
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
