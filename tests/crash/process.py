"""`tundish run` in a process of its own, to be killed."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import sys
from pathlib import Path
from typing import Protocol

from tests.crash.forks import Fork

RUN = "from tundish.cli import main; main()"


_NUMBERS = itertools.count()
_STARTED: list[asyncio.subprocess.Process | Fork] = []


def end_all() -> None:
    """Let no daemon outlive its test, whatever became of the test."""
    while _STARTED:
        process = _STARTED.pop()
        with contextlib.suppress(ProcessLookupError):
            process.kill()


class Site(Protocol):
    """Where a daemon lives."""

    @property
    def project(self) -> Path: ...
    @property
    def data(self) -> Path: ...


class Process:
    """`tundish run`, as a plant runs it; what it says is in the file `log`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._process: asyncio.subprocess.Process | Fork | None = None
        self.log = site.project.parent / f"daemon-{next(_NUMBERS)}.log"

    async def start(self) -> None:
        """Start it from nothing, and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", RUN, *self._arguments), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        _STARTED.append(self._process)
        await self.ready()

    async def begin(self) -> None:
        """Let it begin with everything loaded; it is not ready yet."""
        self.log.touch()
        # The first one waits until everything is loaded.
        self._process = await asyncio.to_thread(Fork, self._arguments, self.log)
        _STARTED.append(self._process)

    @property
    def _arguments(self) -> list[str]:
        return ["run", str(self._site.project), "--data", str(self._site.data)]

    async def ready(self) -> None:
        """Wait until it says that it is ready."""
        words = b'"daemon.ready"'
        assert self._process is not None
        while self._process.returncode is None and words not in self.log.read_bytes():  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.01)
        # One that dies at once may have said it before.
        if words in self.log.read_bytes():
            return
        raise AssertionError(f"the daemon ended before it was ready:\n{self.log.read_text()[-3000:]}")

    def send_kill(self) -> None:
        """Let it die without a warning."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)

    async def ended(self) -> None:
        """Wait until it is gone; at once where it was never started."""
        if self._process is not None:
            await self._process.wait()

    async def kill(self) -> None:
        """Let it die without a warning, and wait until it is gone."""
        self.send_kill()
        await self.ended()

    async def stop(self) -> int:
        """End it in order; its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            return await self._process.wait()
