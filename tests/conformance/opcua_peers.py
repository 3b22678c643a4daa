"""OPC UA servers that nobody of this project wrote: node-opcua in its own process."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.ports import LOOPBACK, free_port

_FOLDER = Path(__file__).parents[1] / "peers"
NODE = shutil.which("node")


def missing() -> str:
    """What has to be installed before such a server can run; empty where nothing is."""
    if NODE is None:
        return "node is not installed: run .ci/peers"
    if not (_FOLDER / "node_modules" / "node-opcua").is_dir():
        return "node-opcua is not installed: run .ci/peers"
    return ""


_idle: list[subprocess.Popen[bytes]] = []
"""Processes that have served, and can serve again: to load what they need takes longer than all else."""


def _spawn() -> subprocess.Popen[bytes]:
    assert NODE is not None
    process = subprocess.Popen(
        [NODE, "opcua_server.js"],
        cwd=_FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )
    atexit.register(_kill, process)
    return process


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


class NodeOpcUa:
    """node-opcua, as `tests/peers/opcua_server.js` sets it up."""

    def __init__(self, folder: Path, **options: Any) -> None:
        if why := missing():
            pytest.skip(why)
        self.port = free_port()
        self._options = {"port": self.port, "folder": str(folder), **options}
        self._process: subprocess.Popen[bytes] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self.acknowledged: Counter[str] = Counter()
        """How often each value was in a notification that a client acknowledged; bytes in base64."""
        self.written: list[str] = []
        """What clients wrote to the node `Body`, in base64, over all lives of the server."""

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"opc.tcp://{LOOPBACK}:{self.port}/test"

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        if self._process is None:
            self._process = _idle.pop() if _idle else _spawn()
            self._reading = asyncio.get_running_loop().create_task(self._read(self._process))
            await self._ask({"do": "serve", "options": self._options}, within=60)

    async def _read(self, process: subprocess.Popen[bytes]) -> None:
        """Take in what it says. Its pipe outlives the event loop of a test, so each reads from a copy of it."""
        assert process.stdout is not None
        reader = asyncio.StreamReader(limit=1 << 24)
        pipe = os.fdopen(os.dup(process.stdout.fileno()), "rb", buffering=0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            while line := await reader.readline():
                with contextlib.suppress(ValueError):
                    self._hear(json.loads(line))
        finally:
            transport.close()

    def _hear(self, said: dict[str, Any]) -> None:
        if "acknowledged" in said:
            self.acknowledged.update(said["acknowledged"])
        elif "written" in said:
            self.written.append(said["written"])
        elif "id" in said and (waiting := self._answers.pop(said["id"], None)) is not None and not waiting.done():
            if "fault" in said:
                waiting.set_exception(AssertionError(said["fault"]))
            else:
                waiting.set_result(said["answer"])

    async def stop(self) -> None:
        """Kill it, as a power cut does; may be called twice."""
        process, self._process = self._process, None
        if process is not None:
            await asyncio.to_thread(_kill, process)
            await self._heard()

    async def leave(self) -> None:
        """Serve no more, and let another test have the process."""
        process = self._process
        if process is None:
            return
        try:
            await self.do("leave")
        except (AssertionError, OSError, TimeoutError):
            await self.stop()
            return
        self._process = None
        assert self._reading is not None
        self._reading.cancel()
        await self._heard()
        _idle.append(process)

    async def _heard(self) -> None:
        if self._reading is not None:
            await asyncio.wait([self._reading])
        for waiting in self._answers.values():
            waiting.cancel()
        self._answers.clear()

    async def do(self, command: str, **arguments: Any) -> Any:
        """Tell it to do something, and wait for its answer."""
        return await self._ask({"do": command, **arguments}, within=10)

    async def _ask(self, order: dict[str, Any], within: float) -> Any:
        assert self._process is not None
        assert self._process.stdin is not None
        self._number += 1
        waiting = self._answers[self._number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"id": self._number, **order}).encode() + b"\n")
        async with asyncio.timeout(within):
            return await waiting

    async def write(self, node: str, type_: str, value: object, **more: object) -> None:
        """Give a node a value, as the machine behind the server does."""
        await self.do("write", node=node, type=type_, value=value, **more)
