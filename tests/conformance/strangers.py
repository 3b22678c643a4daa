"""TLS servers that are not who they must be."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.certificates import Authority, Certificate
from tests.conformance.ports import LOOPBACK, free_port

STRANGERS = ("wrong authority", "expired", "wrong host")


@dataclass(frozen=True, slots=True)
class Stranger:
    """One that listens."""

    address: str
    authority: Authority
    """Whom the client trusts."""
    heard: list[bytes] = field(default_factory=list)
    """What clients said to it behind the handshake; nothing but emptiness where they did not trust it."""


@asynccontextmanager
async def stranger(folder: Path, what: str) -> AsyncIterator[Stranger]:
    """One of STRANGERS, until the block ends."""
    ours, theirs = Authority(folder, "ours"), Authority(folder, "theirs")
    served: Certificate = {
        "wrong authority": theirs.sign("peer"),
        "expired": ours.sign("peer", days=-1),
        "wrong host": ours.sign("peer", host="127.0.0.2"),
    }[what]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served.certificate, served.key)
    port = free_port()
    found = Stranger(f"{LOOPBACK}:{port}", ours)

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.heard.append(await reader.read(8))
        writer.close()

    async with await asyncio.start_server(listen, LOOPBACK, port, ssl=context):
        yield found
