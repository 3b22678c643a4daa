"""A daemon that moves one large file to a system that counts, and is killed meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from array import array
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.conformance.http_service import http_service
from tests.conformance.ports import free_port
from tundish.journal import RouteTotals, open_reader

CONNECTIONS = """\
connections:
  inbox: {{file: {{folder: "{folder}/inbox"}}}}
  erp: {{rest: {{url: "http://127.0.0.1:{port}", timeout: 30s}}}}
"""
ROUTE = """\
route: large-files
from:
  file: {{connection: inbox, poll: 50ms, settle: 0s, stable_polls: 1}}
  format: {format}
key: {key}
steps:
  - map: to-erp
to:
  erp:
    rest: {{connection: erp, method: POST, path: /booked}}
    retry: {{attempts: 8, backoff: 20ms..100ms}}
    concurrency: 16
"""
RUN = "from tundish.cli import main; main()"
RUN_WITH_LITTLE_BACKLOG = """\
import asyncio, pathlib, sys
from tundish.config import load_project
from tundish.plan import compile_project
from tundish.runtime.daemon import Daemon, Options
from tundish.telemetry import configure_logs
project, data, backlog = sys.argv[1:]
configure_logs("json")
load = lambda: compile_project(load_project(pathlib.Path(project)))
asyncio.run(Daemon(load, pathlib.Path(data), Options(backlog=int(backlog))).run())
"""
"""The daemon with an option that the command line does not have."""


@dataclass
class Site:
    """Where the daemon lives, and where the system is that books."""

    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def data(self) -> Path:
        """The daemon's data."""
        return self.folder / "data"

    def write(self, *, format_: str, key: str, fields: str) -> None:
        """The project: one route that maps each record to `fields`."""
        files = {
            "tundish.yaml": "tundish: 1\n",
            "connections/peers.yaml": CONNECTIONS.format(folder=self.folder, port=self.port),
            "routes/large-files.yaml": ROUTE.format(format=format_, key=key),
            "mappings/to-erp.yaml": f"mapping: to-erp\nfields: {fields}\n",
        }
        for name, text in files.items():
            path = self.folder / "project" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self.folder / "inbox").mkdir()

    def drop(self, name: str, parts: Iterable[bytes]) -> int:
        """Put a file into the inbox, whole. Its size in bytes."""
        path = self.folder / "inbox" / f"{name}.tmp"
        with path.open("wb") as file:
            file.writelines(parts)
        size = path.stat().st_size
        path.rename(path.with_suffix(""))
        return size

    def totals(self) -> RouteTotals:
        """What the ledger says."""
        with open_reader(self.data) as journal:
            (totals,) = journal.totals()
            return totals


class Process:
    """The daemon as a process of its own, with the memory that it took at most."""

    def __init__(self, site: Site, *, backlog: int = 0) -> None:
        self._site = site
        self._backlog = backlog
        self._process: asyncio.subprocess.Process | None = None
        self._log = site.folder / "daemon.log"
        self.peak = 0
        """Bytes of memory at most, of all lives whose end was seen by `note_memory`."""

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        project, data = str(self._site.folder / "project"), str(self._site.data)
        program = [RUN, "run", project, "--data", data]
        if self._backlog:
            program = [RUN_WITH_LITTLE_BACKLOG, project, data, str(self._backlog)]
        with self._log.open("ab") as log:
            said = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", *program),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        while self._process.returncode is None:
            if b'"daemon.ready"' in self._log.read_bytes()[said:]:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"the daemon ended before it was ready:\n{self._log.read_text()[-3000:]}")

    def note_memory(self) -> int:
        """Read the peak of this life, in bytes."""
        assert self._process is not None
        assert self._process.returncode is None, self._log.read_text()[-3000:]
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        self.peak = max(self.peak, int(line.split()[1]) * 1024)
        return self.peak

    async def kill(self) -> None:
        """Let it die without a warning."""
        assert self._process is not None
        self.note_memory()
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> None:
        """End it, wherever it is."""
        if self._process is None or self._process.returncode is not None:
            return
        self.note_memory()
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(30):
                await self._process.wait()
        finally:
            if self._process.returncode is None:
                self._process.kill()


class Sink:
    """Books messages by their number, and remembers for each the id under which it came first."""

    def __init__(self, expected: int) -> None:
        self._ids = array("Q", bytes(8 * (expected + 1)))
        self._lives = array("B", bytes(expected + 1))
        self.distinct = 0
        self.again = 0
        """Messages that came in a later life of the daemon once more, under the same id."""
        self.wrong: list[str] = []
        """Repeats in one life, or under another id, and numbers that do not exist."""
        self.life = 1
        self.open = asyncio.Event()
        """Unset, requests have to wait."""
        self.open.set()

    async def _book(self, request: web.Request) -> web.Response:
        number = int(json.loads(await request.read())["number"])
        await self.open.wait()
        self.book(number, request.headers["Idempotency-Key"])
        return web.Response()

    def book(self, number: int, identity: str) -> None:
        """One message."""
        marked = hash(identity) & 0xFFFF_FFFF_FFFF_FFFF | 1
        if not 0 < number < len(self._ids):
            self.wrong.append(f"{number} was never sent")
        elif not self._ids[number]:
            self._ids[number], self._lives[number] = marked, self.life
            self.distinct += 1
        elif self._ids[number] == marked and self._lives[number] < self.life:
            self._lives[number] = self.life
            self.again += 1
        else:
            self.wrong.append(f"{number} came again as {identity}, in life {self.life}")

    def listening(self, port: int) -> AbstractAsyncContextManager[str]:
        """Answer at this port until the block ends."""
        return http_service(web.post("/booked", self._book), port=port)


def megabytes(default: int) -> int:
    """Size of the file of a test; `TUNDISH_STREAM_MB` sets it."""
    return int(os.environ.get("TUNDISH_STREAM_MB", default))
