"""SOAP servers and clients that nobody of this project wrote."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.ports import LOOPBACK, free_port

PEERS = Path(__file__).resolve().parents[1] / "peers"
NODE = shutil.which("node")
HAS_NODE_SOAP = NODE is not None and (PEERS / "node_modules" / "soap").is_dir()
WITHOUT_NODE_SOAP = "the npm package 'soap' is not installed: run .ci/peers"

ERP = "tests/peers/soap/erp.wsdl"
TAKE = "tests/peers/soap/take.wsdl"
"""Paths in this repository, which is the current folder of tests."""


class NodeServer:
    """The server of the npm package `soap`, in a process of its own."""

    def __init__(self, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self._arguments = [str(argument) for argument in arguments]
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._past: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http{'s' if self._arguments else ''}://{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Start, and wait until it listens."""
        if not HAS_NODE_SOAP:
            pytest.skip(WITHOUT_NODE_SOAP)
        if self._process is None:
            assert NODE is not None
            self._process = await asyncio.create_subprocess_exec(
                NODE,
                "soap/server.js",
                str(self.port),
                *self._arguments,
                cwd=PEERS,
                env={"PATH": "", **(self._environment or {})},
                stdout=asyncio.subprocess.PIPE,
            )
            assert self._process.stdout is not None
            async with asyncio.timeout(20):
                assert await self._process.stdout.readline() == b"ready\n"

    async def stop(self) -> None:
        """Be gone at once; what it was sent is remembered."""
        if self._process is not None:
            self._past = await self.booked()
            process, self._process = self._process, None
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def booked(self) -> list[dict[str, Any]]:
        """What it was sent, in order, also before it was stopped."""
        if self._process is None or self._process.returncode is not None:
            return self._past
        text = await asyncio.to_thread(fetched, f"{self.url}/booked")
        return [*self._past, *json.loads(text)]

    async def change(self, order: Mapping[str, str]) -> None:
        """Let an order be among those that changed."""
        text = json.dumps(order).encode()
        await asyncio.to_thread(fetched, f"{self.url}/change", text)


def fetched(url: str, body: bytes | None = None) -> bytes:
    """The body of an answer."""
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    with urllib.request.urlopen(url, body, timeout=10, context=anybody) as response:  # noqa: S310 - our own peer
        found: bytes = response.read()
    return found
