"""SOAP peers: zeep as a client that repeats until it is answered, and the server of the npm package `soap`."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar
from xml.sax.saxutils import escape

import msgspec
import pytest
from aiohttp import web
from requests import RequestException
from zeep import Client
from zeep.exceptions import Error, Fault, TransportError

from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tests.conformance.http_service import HttpService
from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.proxy import Proxy
from tests.conformance.soap_peers import HAS_NODE_SOAP, TAKE, WITHOUT_NODE_SOAP, NodeServer
from tundish.model import Unit


class Called(Produced):
    """A call that is on its way."""

    def __init__(self, answered: Future[bool]) -> None:
        self._answered = answered

    @property
    def is_acknowledged(self) -> bool:
        """An answer came that is no fault."""
        return self._answered.done() and self._answered.result()


class Harness(PeerHarness):
    """One client thread, so that calls are made in order, each after the answer to the one before."""

    meta: ClassVar[frozenset[str]] = frozenset({"operation", "action", "version", "message_id", "headers", "remote"})
    files: ClassVar[tuple[str, ...]] = (TAKE,)
    asks: ClassVar[bool] = True
    waived: ClassVar[Mapping[str, str]] = {
        "test_is_lost_when_the_peer_is_gone": "clients come and go; a listener has no peer that it could lose",
        "test_cannot_be_opened_without_its_peer": "clients come and go; a listener has no peer that it could miss",
        "test_delivers_the_very_bytes_in_order": "a body of SOAP is written from the record, as the WSDL wants it",
    }

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._inbound = free_port()
        self._server = NodeServer()
        self._to_us, self._from_us = Proxy(free_port(), self._inbound), Proxy(free_port(), self._server.port)
        self._over = threading.Event()
        self._client = ThreadPoolExecutor(1)
        self._service: Any = None

    async def start(self) -> None:
        """Serve; a listener is called without that, too."""
        if HAS_NODE_SOAP:
            await self._server.start()
        for line in (self._to_us, self._from_us):
            await line.start()

    async def stop(self) -> None:
        """Serve no more."""
        for line in (self._to_us, self._from_us):
            await line.stop()
        await self._server.stop()

    async def finish(self) -> None:
        """Let the client go."""
        self._over.set()
        self._client.shutdown(wait=True, cancel_futures=True)

    def connection(self, role: Role) -> Mapping[str, object]:
        """The address to listen on, or to call."""
        if role == "source":
            return {"wsdl": TAKE, "listen": f"{LOOPBACK}:{self._inbound}", "path": "/take"}
        if not HAS_NODE_SOAP:
            pytest.skip(WITHOUT_NODE_SOAP)
        url = f"http://{LOOPBACK}:{self._from_us.port}/take"
        return {"wsdl": TAKE, "url": url, "timeout": "2s", "operation_timeout": "2s"}

    def line(self, role: Role) -> Proxy:
        """One for each direction in which somebody calls."""
        return self._to_us if role == "source" else self._from_us

    def patience(self, seconds: int) -> Mapping[str, object]:
        """It waits so long for an answer; a listener does not wait."""
        return {"timeout": f"{seconds}s", "operation_timeout": f"{seconds}s"}

    def settings(self, role: Role) -> Mapping[str, object]:
        """One operation for all."""
        return {"operation": "Take", "arguments": {"id": "{{ id }}"}} if role == "lookup" else {"operation": "Take"}

    async def produce(self, body: bytes) -> Produced:
        """Call, and call again until it is answered."""
        return Called(self._client.submit(self._call, body.decode()))

    def body_of(self, unit: Unit) -> bytes:
        """The text of the call."""
        assert isinstance(unit.body, bytes)
        text: str = msgspec.json.decode(unit.body)["text"]
        return text.encode()

    def _call(self, text: str) -> bool:
        while not self._over.is_set():
            try:
                self._bound().Take(text=text)
            except Fault as fault:
                if not fault.code.endswith(":Server"):
                    return False
            except (TransportError, Error, RequestException):
                pass
            else:
                return True
            time.sleep(0.05)
        return False

    def _bound(self) -> Any:
        if self._service is None:
            client = Client(TAKE)
            url = f"http://{LOOPBACK}:{self._to_us.port}/take"
            self._service = client.create_service("{urn:example:take}Take", url)
        return self._service

    async def collected(self) -> list[bytes]:
        """The messages that arrived, as the suite wrote them; the server has their ids alone."""
        return [b'{"n": %d}' % int(one["order"][1:]) for one in await self._server.booked()]


class Listed(Produced):
    """An item of the system's list."""

    def __init__(self, harness: PolledHarness, number: int) -> None:
        self._harness = harness
        self._number = number

    @property
    def is_acknowledged(self) -> bool:
        """It was asked for what is behind the item."""
        return self._harness.asked_from >= self._number


class PolledHarness(PeerHarness):
    """A service that is asked, and gives the item at the watermark and the next one."""

    roles: ClassVar[frozenset[Role]] = frozenset({"source"})
    meta: ClassVar[frozenset[str]] = frozenset({"operation", "watermark"})
    files: ClassVar[tuple[str, ...]] = (TAKE,)
    asks: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._server = HttpService(web.route("*", "/take", self._answer), port=free_port())
        self._line = Proxy(free_port(), self._server.port)
        self._items: list[str] = []
        self.asked_from = 0

    async def start(self) -> None:
        """Serve."""
        await self._server.start()
        await self._line.start()

    async def stop(self) -> None:
        """Serve no more; the items stay."""
        await self._line.stop()
        await self._server.stop()

    async def _answer(self, request: web.Request) -> web.Response:
        asked = re.search(rb":since>(\d+)<", await request.read())
        since = int(asked[1]) if asked else 0
        self.asked_from = max(self.asked_from, since)
        found = "".join(
            f"<item><n>{number}</n><text>{escape(self._items[number - 1])}</text></item>"
            for number in (since, since + 1)
            if 0 < number <= len(self._items)
        )
        space = "http://schemas.xmlsoap.org/soap/envelope/"
        body = f'<ListResponse xmlns="urn:example:take">{found}</ListResponse>'
        text = f'<s:Envelope xmlns:s="{space}"><s:Body>{body}</s:Body></s:Envelope>'
        return web.Response(text=text, content_type="text/xml")

    def connection(self, role: Role) -> Mapping[str, object]:
        """The service's address."""
        url = f"http://{LOOPBACK}:{self._line.port}/take"
        return {"wsdl": TAKE, "url": url, "timeout": "2s", "operation_timeout": "2s"}

    def line(self, role: Role) -> Proxy:
        """The one way to the service."""
        return self._line

    def patience(self, seconds: int) -> Mapping[str, object]:
        """It waits so long for an answer."""
        return {"timeout": f"{seconds}s", "operation_timeout": f"{seconds}s"}

    def settings(self, role: Role) -> Mapping[str, object]:
        """Ask often."""
        return {
            "operation": "List",
            "poll": {
                "every": "10ms",
                "items": "item",
                "arguments": {"since": "{{ watermark }}"},
                "watermark": {"by": "n", "start": 0},
            },
        }

    async def produce(self, body: bytes) -> Produced:
        """One more item."""
        self._items.append(body.decode())
        return Listed(self, len(self._items))

    def body_of(self, unit: Unit) -> bytes:
        """A field of the item."""
        assert isinstance(unit.body, bytes)
        text: str = msgspec.json.decode(unit.body)["text"]
        return text.encode()


VARIANTS = {"poll": PolledHarness}
"""Other ways to use the connector."""
