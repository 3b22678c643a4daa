"""Foreign systems that run in Node.js: processes that speak lines of JSON with the tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conformance.stand import until

FOLDER = Path(__file__).resolve().parents[1] / "peers"
NODE = shutil.which("node")


def missing(*packages: str) -> str:
    """What has to be installed before these packages can be used; empty where all is there."""
    if NODE is None:
        return "Node.js is not installed (Debian: apt-get install npm)"
    absent = [package for package in packages if not (FOLDER / "node_modules" / package).is_dir()]
    return f"{', '.join(absent)} of npm is not installed: run .ci/peers" if absent else ""


class NodePeer:
    """One script of `tests/peers` in its own process."""

    def __init__(self, script: str, *arguments: str) -> None:
        self._command = (str(FOLDER / script), *arguments)
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.said: list[dict[str, Any]] = []
        """Everything, in order."""

    async def start(self) -> None:
        """Start it."""
        assert NODE is not None
        self._process = await asyncio.create_subprocess_exec(
            NODE, *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**24
        )
        self._reading = asyncio.create_task(self._read(self._process))  # noqa: TID251 - a test owns its peers

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self.said.append(json.loads(line))

    async def tell(self, **order: object) -> None:
        """Give it an order."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()

    def events(self, name: str) -> list[dict[str, Any]]:
        """What it said of one kind."""
        return [each for each in self.said if each["event"] == name]

    async def hear(self, name: str, count: int = 1) -> list[dict[str, Any]]:
        """What it said of one kind, once it is so much."""
        await self.hear_that(lambda: len(self.events(name)) >= count)
        return self.events(name)

    async def hear_that(self, condition: Callable[[], bool]) -> None:
        """Wait until something was said."""
        await until(condition, lambda: f"it said {self.said[-5:]}")

    async def stop(self) -> None:
        """End it, whatever it does; may be called twice."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if self._reading is not None:
            await self._reading
