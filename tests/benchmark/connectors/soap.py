"""How many SOAP messages a second go in and out, against the bare libraries with the same load in the same run.

    python tests/benchmark/connectors/soap.py [--json]

In: 16 clients call the operation of a daemon, which checks, stores and answers. Its route leads to a system that is not
there, and in another run into memory. Against starlette on uvicorn, as one would write it by hand: zeep reads the call,
and the answer says what came; against the same without starlette, which is the least that uvicorn allows, and answers
with bytes that are always the same; and against the server of the npm package `soap`. None of them checks or stores.

Out: 16 deliveries at a time to a server that costs nothing; against zeep's own client in as many threads.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

# Python puts the folder of the script first; the tests are a package of the repository's root.
ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from tests.benchmark.destinations import Ends, memory, nobody  # noqa: E402 - as below
from tests.benchmark.measurement import Measurement, tell  # noqa: E402 - the script's own folder comes first otherwise
from tests.benchmark.serving import serving  # noqa: E402 - as above
from tests.benchmark.soap_stage import SPACE, code_of, sink  # noqa: E402 - as above
from tests.conformance.ports import LOOPBACK, free_port, listening  # noqa: E402 - as above
from tests.conformance.soap_peers import HAS_NODE_SOAP, TAKE, WITHOUT_NODE_SOAP, NodeServer  # noqa: E402 - as above

CLIENTS = 16
SECONDS = 4.0
WARM_UP = 1.0
SETTLE = 0.5
"""Seconds after the address is taken until the route is ready, and nobody is told to come back."""
TEXT = "x" * 1000
CALL = (
    f'<s:Envelope xmlns:s="{SPACE}" xmlns:e="urn:example:take"><s:Body>'
    f"<e:Take><e:id>{{}}</e:id><e:text>{TEXT}</e:text></e:Take></s:Body></s:Envelope>"
)


@contextmanager
def daemon(folder: Path, connection: dict[str, object], ends: Ends) -> Iterator[None]:
    """A daemon with a route from the operation, as a process of its own."""
    project = folder / "project"
    files: dict[str, object] = {
        "tundish.yaml": {"tundish": 1},
        "connections/peers.yaml": {"connections": {"erp": {"soap": connection}, "sink": ends[0]}},
        "routes/take.yaml": {
            "route": "take",
            "from": {"soap": {"connection": "erp", "operation": "Take", "response": {"receipt": "{{ id }}"}}},
            "key": "id",
            "to": {"sink": ends[1]},
        },
    }
    for name, content in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
    (project / "take.wsdl").write_bytes((ROOT / TAKE).read_bytes())
    code = "from tundish.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "run", str(project), "--data", str(folder / "data")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


async def load(port: int, path: str) -> float:
    """Answers a second to 16 clients, each of which sends the next call when the one before was answered."""
    done = 0
    begun = time.perf_counter()
    end = begun + WARM_UP + SECONDS

    async def client(number: int) -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        count = 0
        while (now := time.perf_counter()) < end:
            body = CALL.format(f"{number}-{count}").encode()
            count += 1
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in answer.split(b"\r\n", 1)[0]:
                raise SystemExit(f"the answer is {answer!r}")
            await read_body(reader, answer)
            done += now > begun + WARM_UP
        writer.close()

    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(client(number))
    return done / SECONDS


async def read_body(reader: asyncio.StreamReader, head: bytes) -> None:
    """Whatever follows a head."""
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    if length:
        await reader.readexactly(int(length[1]))
        return
    while size := int(await reader.readuntil(b"\r\n"), 16):
        await reader.readexactly(size + 2)
    await reader.readexactly(2)


async def inbound(folder: Path, ends: Ends) -> float:
    """Into a daemon."""
    port = free_port()
    connection: dict[str, object] = {"wsdl": "take.wsdl", "listen": f"{LOOPBACK}:{port}", "path": "/take"}
    with daemon(folder, connection, ends):
        await listening(port)
        await asyncio.sleep(SETTLE)
        return await load(port, "/take")


async def into_node() -> float:
    """Into the server of the npm package, which keeps the ids in memory."""
    server = NodeServer()
    await server.start()
    try:
        return await load(server.port, "/take")
    finally:
        await server.stop()


async def into(app: str) -> float:
    """Into an application by hand."""
    async with serving(code_of(app)) as port:
        return await load(port, "/take")


async def outbound(port: int, folder: Path) -> float:
    """Deliveries a second by the destination alone, 16 at a time."""
    from tests.conformance.stand import outgoing, workbench
    from tundish.sdk import connector

    spec, done = connector("soap"), 0
    connection = {"wsdl": TAKE, "url": f"http://{LOOPBACK}:{port}/take"}
    async with workbench(folder) as bench:
        stand = bench.stand(spec, spec.destination, connection, {"operation": "Take"})
        await stand.open()
        end = time.perf_counter() + SECONDS
        message = outgoing(1)

        async def deliver() -> None:
            nonlocal done
            while time.perf_counter() < end:
                await stand.destination.deliver(message)
                done += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(deliver())
    return done / SECONDS


def by_zeep(port: int) -> float:
    """Calls a second by zeep, with a client in each of 16 threads."""
    from zeep import Client

    def call(service: Any) -> int:
        done = 0
        while time.perf_counter() < end:
            service.Take(id="m00001")
            done += 1
        return done

    url = f"http://{LOOPBACK}:{port}/take"
    services = [Client(TAKE).create_service("{urn:example:take}Take", url) for _ in range(CLIENTS)]
    end = time.perf_counter() + SECONDS
    with ThreadPoolExecutor(CLIENTS) as threads:
        return sum(threads.map(call, services)) / SECONDS


def main() -> int:
    """Measure both directions and print them."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        beside = asyncio.run(inbound(folder / "memory", memory()))
        bare_before, hand = asyncio.run(into("bare")), asyncio.run(into("by_hand()"))
        taken = asyncio.run(inbound(folder / "in", nobody()))
        least = (bare_before + asyncio.run(into("bare"))) / 2
        figures = [
            Measurement("soap: calls → daemon → journal, 1 KB, 16 clients", taken, unit="a second"),
            Measurement("soap: in, over starlette and zeep", taken / hand, at_least=0.5),
            Measurement("soap: in, over bare uvicorn and zeep", taken / least, at_least=0.5),
            Measurement("soap: the same, delivered to memory meanwhile", beside / least, at_least=0.5),
        ]
        if HAS_NODE_SOAP:
            figures.append(Measurement("soap: in, over npm's server", taken / asyncio.run(into_node())))
        else:
            print(WITHOUT_NODE_SOAP, file=sys.stderr)
        with sink() as port:
            sent = asyncio.run(outbound(port, folder / "out"))
            alone = by_zeep(port)
        figures.append(Measurement("soap: deliveries, 16 at a time", sent, unit="a second"))
        figures.append(Measurement("soap: out, over zeep with 16 threads", sent / alone, at_least=0.5))
        tell(*figures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
