"""Processes that begin at once: forks of one interpreter that has loaded everything, and has done nothing yet.

To load the daemon and its connectors takes seconds. A test that kills it again and again would do little else.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from tundish.sdk import installed_connectors


@cache
def fork_server() -> ForkServerContext:
    """Where forks come from. There is one for each process of the tests, so it loads what any of them needs."""
    connectors = installed_connectors().values()
    parts = [part for spec in connectors for part in (spec.connection, spec.source) if part is not None]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            *("tests.crash.journal.life", "tundish.cli.run", "tundish.runtime.daemon"),
            *sorted({part.implementation.partition(":")[0] for part in parts}),
        ]
    )
    return context


def run_program(arguments: list[str], log: str, environment: Mapping[str, str], folder: str) -> None:
    """`tundish` with these arguments, as if it had just been started; never returns."""
    with Path(log).open("ab") as out:
        for stream in (1, 2):
            os.dup2(out.fileno(), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["tundish", *arguments]
    from tundish.cli import main

    main()


class Fork:
    """A fork, with what tests ask `asyncio.subprocess.Process` for."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        given = (arguments, str(log), dict(os.environ), str(Path.cwd()))
        target: Callable[..., None] = run_program
        self._process: ForkServerProcess = fork_server().Process(target=target, args=given)
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """None while it lives."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal. Raises ProcessLookupError when it is gone."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """Let it die without a warning; nothing happens where it is gone."""
        self._process.kill()

    async def wait(self) -> int:
        """Its exit code."""
        await asyncio.to_thread(self._process.join)
        assert self._process.exitcode is not None
        return self._process.exitcode
