"""OPC UA servers that nobody of this project wrote: node-opcua in its own process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
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


class NodeOpcUa:
    """node-opcua, as `tests/peers/opcua_server.js` sets it up."""

    def __init__(self, folder: Path, **options: Any) -> None:
        if why := missing():
            pytest.skip(why)
        self.port = free_port()
        self._options = {"port": self.port, "folder": str(folder), **options}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._ready = asyncio.Event()
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
        if self._process is not None:
            return
        assert NODE is not None
        self._ready.clear()
        self._process = await asyncio.create_subprocess_exec(
            NODE,
            str(_FOLDER / "opcua_server.js"),
            json.dumps(self._options),
            cwd=_FOLDER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=1 << 24,
        )
        self._reading = asyncio.get_running_loop().create_task(self._read(self._process))
        async with asyncio.timeout(30):
            await self._ready.wait()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if "ready" in said:
                self._ready.set()
            elif "acknowledged" in said:
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
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if self._reading is not None:
            await self._reading
        for waiting in self._answers.values():
            waiting.cancel()
        self._answers.clear()

    async def do(self, command: str, **arguments: Any) -> Any:
        """Tell it to do something, and wait for its answer."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._number += 1
        waiting = self._answers[self._number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"id": self._number, "do": command, **arguments}).encode() + b"\n")
        async with asyncio.timeout(10):
            return await waiting

    async def write(self, node: str, type_: str, value: object, **more: object) -> None:
        """Give a node a value, as the machine behind the server does."""
        await self.do("write", node=node, type=type_, value=value, **more)
