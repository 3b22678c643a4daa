"""OpenSSH's server, whoever drops files on its machine, and whoever picks them up there."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pytest

from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tests.conformance.ports import free_port
from tests.conformance.proxy import Proxy
from tests.conformance.sshd import ABSENT, SSHD, Sshd


class Dropped(Produced):
    """A file in the watched folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name

    @property
    def is_acknowledged(self) -> bool:
        """It was filed away."""
        today = f"{datetime.now().astimezone():%Y/%m/%d}"
        return (self._folder / "done" / today / self._name).exists()


class Harness(PeerHarness):
    """Its power switch is the server's: every session ends with it."""

    meta: ClassVar[frozenset[str]] = frozenset({"file", "size", "mtime", "sha256"})

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if SSHD is None:
            pytest.skip(ABSENT)
        self._server = Sshd(folder)
        self._line = Proxy(free_port(), self._server.port)
        self._drop = folder / "drop"
        self._drop.mkdir()
        self._numbers = itertools.count()

    async def start(self) -> None:
        """The server listens."""
        await self._server.start()
        await self._line.start()

    async def stop(self) -> None:
        """The server is gone."""
        await self._line.stop()
        await self._server.stop()

    def connection(self, role: Role) -> Mapping[str, object]:
        """The server."""
        return self._server.connection(port=self._line.port)

    def line(self, role: Role) -> Proxy:
        """The one way to the server."""
        return self._line

    def patience(self, seconds: int) -> Mapping[str, object]:
        """It asks as often, and waits as long for an answer."""
        return {"keepalive": f"{seconds}s", "timeout": f"{seconds}s", "connect_timeout": f"{seconds}s"}

    def settings(self, role: Role) -> Mapping[str, object]:
        """Impatient, so that the tests are fast."""
        if role == "destination":
            return {"folder": str(self._drop), "name": "out/{{ id }}.json"}
        return {"folder": str(self._drop), "pattern": "*.txt", "poll": "20ms", "settle": "0ms", "stable_polls": 1}

    async def produce(self, body: bytes) -> Produced:
        """Drop a file."""
        name = f"{next(self._numbers):05d}.txt"
        (self._drop / f"{name}.tmp").write_bytes(body)
        (self._drop / f"{name}.tmp").rename(self._drop / name)
        return Dropped(self._drop, name)

    async def collected(self) -> list[bytes]:
        """Files by name, which is the order in which they were delivered."""
        return [path.read_bytes() for path in sorted(self._drop.glob("out/*.json"))]
