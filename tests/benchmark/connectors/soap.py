"""How many SOAP messages a second go in and out, against the bare libraries with the same load in the same run.

    python tests/benchmark/connectors/soap.py [--json]

In: 16 clients call the operation of a daemon, which checks, stores and answers. Its route leads to a system that is not
there, and in another run into memory. Against starlette on uvicorn, as one would write it by hand: zeep reads the call,
and the answer says what came; against the same without starlette, which is the least that uvicorn allows, and answers
with bytes that are always the same; and against the server of the npm package `soap`. None of them checks or stores.

Out: 16 deliveries at a time to a server that costs nothing; against zeep's own client in as many threads.

The file is long because it holds the servers that are compared.
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
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

# Python puts the folder of the script first; the tests are a package of the repository's root.
ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from tests.benchmark.destinations import Ends, memory, nobody  # noqa: E402 - as below
from tests.benchmark.measurement import Measurement, tell  # noqa: E402 - the script's own folder comes first otherwise
from tests.conformance.ports import LOOPBACK, free_port, listening  # noqa: E402 - as above
from tests.conformance.soap_peers import HAS_NODE_SOAP, TAKE, WITHOUT_NODE_SOAP, NodeServer  # noqa: E402 - as above

CLIENTS = 16
SECONDS = 4.0
WARM_UP = 1.0
SETTLE = 0.5
"""Seconds after the address is taken until the route is ready, and nobody is told to come back."""
SPACE = "http://schemas.xmlsoap.org/soap/envelope/"
TEXT = "x" * 1000
CALL = (
    f'<s:Envelope xmlns:s="{SPACE}" xmlns:e="urn:example:take"><s:Body>'
    f"<e:Take><e:id>{{}}</e:id><e:text>{TEXT}</e:text></e:Take></s:Body></s:Envelope>"
)
ANSWER = (
    f'<s:Envelope xmlns:s="{SPACE}" xmlns:e="urn:example:take"><s:Body>'
    "<e:TakeResponse><e:receipt>1</e:receipt></e:TakeResponse></s:Body></s:Envelope>"
).encode()


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


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that reads a call by zeep and answers it: what the libraries cost by themselves."""
    from lxml import etree

    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    assert zeep_operation().input.deserialize(etree.fromstring(body)).id
    head = [(b"content-type", b"text/xml"), (b"content-length", b"%d" % len(ANSWER))]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": ANSWER})


def by_hand() -> Any:
    """The same with starlette: what somebody would write who has the libraries and no Tundish."""
    from lxml import etree
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def take(request: Request) -> Response:
        call = zeep_operation().input.deserialize(etree.fromstring(await request.body()))
        return Response(ANSWER.replace(b">1<", f">{call.id}<".encode()), media_type="text/xml")

    return Starlette(routes=[Route("/take", take, methods=["POST"])])


@cache
def zeep_operation() -> Any:
    """The operation, as zeep knows it."""
    from zeep import Client

    return Client(TAKE).wsdl.bindings["{urn:example:take}Take"].get("Take")


async def into(app: str) -> float:
    """Into an application on uvicorn: `bare`, or `by_hand()`."""
    port = free_port()
    code = f"import sys, uvicorn; sys.path.insert(0, {str(ROOT)!r}); from tests.benchmark.connectors.soap import *\n"
    code += f"uvicorn.run({app}, port={port}, log_level='error', access_log=False, lifespan='off', http='httptools')"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=ROOT)
    try:
        await listening(port)
        return await load(port, "/take")
    finally:
        process.terminate()
        await process.wait()


class Sink(asyncio.Protocol):
    """The cheapest server that can be."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Another connection."""
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
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
            self._transport.write(head.encode() + ANSWER)


SINK = """
import asyncio, sys
sys.path.insert(0, {root!r})
from tests.benchmark.connectors.soap import Sink
async def serve():
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", {port})
    await server.serve_forever()
asyncio.run(serve())
"""


@contextmanager
def sink() -> Iterator[int]:
    """A server in a process of its own; gives its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SINK.format(root=str(ROOT), port=port)], cwd=ROOT)
    try:
        asyncio.run(listening(port))
        yield port
    finally:
        process.terminate()
        process.wait()


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
