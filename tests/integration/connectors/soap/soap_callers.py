"""A service that we are, and whoever calls it."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from lxml import etree

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.soap_peers import ERP
from tests.conformance.stand import RecordingIntake, Stand, Workbench
from tests.integration.connectors.soap.soap_stands import SPEC

BOOK: dict[str, object] = {"operation": "BookConfirmation", "response": {"document": "D-{{ id }}"}}
CONFIRM = (
    '<e:BookConfirmation><t:order>4711</t:order><t:yield unit="C62">10.500</t:yield>'
    "<t:posted>2026-11-21</t:posted></e:BookConfirmation>"
)


@dataclass(frozen=True)
class Answered:
    """What a caller hears."""

    status: int
    headers: Mapping[str, str]
    text: bytes

    def find(self, name: str) -> str:
        """The text of the first element of this local name; empty where there is none."""
        root = etree.fromstring(self.text)
        found = root.find(f".//{{*}}{name}")
        return "" if found is None else (found.text or "").strip()

    def all(self, name: str) -> list[str]:
        """The texts of all elements of this local name."""
        return [one.text or "" for one in etree.fromstring(self.text).iterfind(f".//{{*}}{name}")]


class Caller:
    """Posts envelopes to one address."""

    def __init__(self, port: int, path: str = "/erp", tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self._path = path
        self._tls = tls

    async def post(self, body: str | bytes, media: str = "text/xml", **headers: str) -> Answered:
        """The answer to an envelope."""
        made = {"Content-Type": media, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await asyncio.to_thread(self._ask, "POST", self._path, body, made)

    async def get(self, query: str = "", path: str | None = None, **headers: str) -> Answered:
        """The answer to a GET."""
        return await asyncio.to_thread(self._ask, "GET", (path or self._path) + query, None, headers)

    def _ask(self, method: str, path: str, body: str | bytes | None, headers: Mapping[str, str]) -> Answered:
        if self._tls is None:
            connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=10)
        else:
            connection = http.client.HTTPSConnection(LOOPBACK, self.port, timeout=10, context=self._tls)
        try:
            connection.request(method, path, body.encode() if isinstance(body, str) else body, dict(headers))
            answer = connection.getresponse()
            return Answered(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()


@dataclass(frozen=True)
class Serving:
    """A source that listens, with what it accepted."""

    stand: Stand
    intake: RecordingIntake
    caller: Caller

    def record(self) -> Any:
        """The first record that was accepted."""
        body = self.intake.accepted[0].body
        assert isinstance(body, bytes)
        return json.loads(body)


@asynccontextmanager
async def serving(
    bench: Workbench,
    settings: Mapping[str, object] | None = None,
    intake: RecordingIntake | None = None,
    **connection: object,
) -> AsyncIterator[Serving]:
    """An open source, running."""
    port = free_port()
    made = {"wsdl": ERP, "listen": f"{LOOPBACK}:{port}", "path": "/erp", **connection}
    stand, taking = bench.stand(SPEC, SPEC.source, made, settings or BOOK), intake or RecordingIntake()
    await stand.open()
    stand.run(taking)
    await asyncio.sleep(0)
    try:
        yield Serving(stand, taking, Caller(port))
    finally:
        await stand.close()
