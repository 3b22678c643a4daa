"""The servers that a SOAP listener is compared with, and the one a destination calls, in processes of their own."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast

from tests.conformance.ports import free_port, listening
from tests.conformance.soap_peers import TAKE

ROOT = Path(__file__).resolve().parents[2]
SPACE = "http://schemas.xmlsoap.org/soap/envelope/"
ANSWER = (
    f'<s:Envelope xmlns:s="{SPACE}" xmlns:e="urn:example:take"><s:Body>'
    "<e:TakeResponse><e:receipt>1</e:receipt></e:TakeResponse></s:Body></s:Envelope>"
).encode()


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


def code_of(app: str) -> str:
    """Serves an application on uvicorn: `bare`, or `by_hand()`."""
    return (
        "import uvicorn; from tests.benchmark.soap_stage import *\n"
        f"uvicorn.run({app}, port=PORT, log_level='error', access_log=False, lifespan='off', http='httptools')"
    )


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
from tests.benchmark.soap_stage import Sink
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
