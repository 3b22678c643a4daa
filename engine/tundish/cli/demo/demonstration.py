"""The demonstration from beginning to end: a plant, a daemon, shifts of work, and the comparison of the books."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tundish import library
from tundish.cli.demo.balance import Balance, Ledger, compare, is_settled
from tundish.cli.demo.daemon_process import running_daemon
from tundish.cli.demo.plant import Plant
from tundish.cli.terminal.ending import Problem
from tundish.journal import open_reader
from tundish.journal.contract import RouteTotals

PLANT = "demo"
STARTS_WITHIN = 30.0
SETTLES_WITHIN = 60.0
"""Seconds after the end of work until nothing may be on its way any more."""
REFRESH = 0.5
LAST_WORDS = 8
"""How many lines of the daemon's log are shown where it does not run."""

Show = Callable[[Sequence[RouteTotals], str], None]
"""Shows the ledger and one line about what goes on."""


@dataclass(frozen=True, slots=True)
class Shifts:
    """How much the plant works."""

    messages: int
    """Documents per shift."""
    seconds: float
    """Length of a shift."""
    seed: int
    endless: bool
    """Work shift after shift until someone says stop."""


class Demonstration:
    """One run of a plant and its example in `folder`, which is empty."""

    def __init__(self, plant: Plant, folder: Path, shifts: Shifts, show: Show) -> None:
        self._plant = plant
        self._shifts = shifts
        self._show = show
        self._project = folder / "project"
        self._data = folder / "data"
        self._peers = folder / "peers"
        self._log = folder / "daemon.log"

    async def run(self, stop: asyncio.Event) -> Balance:
        """Work until the shift is over, or until `stop`; then wait for what is on its way and compare the books.

        Raises Problem where the daemon does not come up, ends by itself or does not settle.
        """
        shutil.copytree(library.example(self._plant.project), self._project)
        self._data.mkdir()
        self._peers.mkdir()
        async with self._plant.running(self._peers) as endpoints:
            overlay = self._project / "plants" / f"{PLANT}.yaml"
            overlay.parent.mkdir(exist_ok=True)
            overlay.write_text(endpoints.overlay(), "utf-8")
            async with running_daemon(
                self._project, self._data, plant=PLANT, environment=endpoints.environment, log=self._log
            ) as daemon:
                await self._until_connected(daemon)
                with open_reader(self._data) as journal:
                    await self._while_working(journal, stop)
                    await self._until_settled(journal, stop)
                    self._raise_where_ended(daemon)
                    return compare(self._plant.expectations(), self._plant.booked(), self._plant.unreadable(), journal)

    async def _until_connected(self, daemon: asyncio.subprocess.Process) -> None:
        self._show((), "the daemon starts")
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                return await self._plant.connected(REFRESH)
            except TimeoutError:
                self._raise_where_ended(daemon)
                if time.monotonic() > until:
                    raise Problem(f"the daemon is not up after {STARTS_WITHIN:.0f} s", self._last_words()) from None

    def _raise_where_ended(self, daemon: asyncio.subprocess.Process) -> None:
        if daemon.returncode is not None:
            raise Problem(f"the daemon ended with exit code {daemon.returncode}", self._last_words())

    def _last_words(self) -> str:
        """The end of the daemon's log; the folder may be removed before anyone can read it."""
        lines = self._log.read_text("utf-8", "replace").splitlines()
        return "\n".join(["its last words were:", *lines[-LAST_WORDS:]])

    async def _while_working(self, journal: Ledger, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self._work(stop))
            while not work.done():
                hint = "" if not self._shifts.endless else "; Ctrl-C ends it"
                self._show(journal.totals(), f"the plant works{hint}")
                await asyncio.wait({work}, timeout=REFRESH)

    async def _work(self, stop: asyncio.Event) -> None:
        shift = self._shifts
        while True:
            await self._plant.work(shift.messages, shift.seed, shift.seconds, stop)
            if stop.is_set() or not shift.endless:
                return

    async def _until_settled(self, journal: Ledger, stop: asyncio.Event) -> None:
        """Wait until all is taken and all that is open waits for a human.

        Twice in a row, because a unit may be on its way to the journal.
        """
        stop.clear()
        until = time.monotonic() + SETTLES_WITHIN
        seen: Sequence[RouteTotals] = ()
        while not stop.is_set() and time.monotonic() < until:
            totals = journal.totals()
            if is_settled(totals) and totals == seen and not self._plant.untaken():
                return
            seen = totals
            self._show(totals, "work is over; what is on its way arrives")
            await asyncio.sleep(REFRESH)
