"""The daemon of one plant: it opens the journal, runs the routes of a plan, and ends in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tundish.errors import ConfigurationError, JournalError, Misconfigured
from tundish.journal import Limits as JournalLimits
from tundish.journal import SqliteJournal, open_journal
from tundish.plan import compile_route_text
from tundish.plan.route import Plan, RoutePlan
from tundish.runtime.control.commands import Commands
from tundish.runtime.control.server import ControlServer
from tundish.runtime.delivering.lane import Limits as LaneLimits
from tundish.runtime.plant import Plant
from tundish.runtime.running import Hub
from tundish.runtime.supervisor import Scope, Supervisor
from tundish.telemetry import Event, logger

PlanLoader = Callable[[], Plan]
"""Reads and compiles the project. Raises ConfigurationError with every finding."""

DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Options:
    """How a daemon runs, beside what the project says. Times in seconds."""

    accept_loss: bool = False
    """Start although the journal is older than what was acknowledged."""
    journal: JournalLimits = field(default_factory=JournalLimits)
    lanes: LaneLimits = field(default_factory=LaneLimits)
    backlog: int = 1_000_000
    """Open deliveries of one route beyond which its source has to wait."""
    drain_within: float = 10.0
    """What is in flight when the daemon stops has so long to end."""
    ready_within: float = 10.0
    """Peers that do not answer delay the start by so much at most."""
    keep: float = 90 * DAY
    """Messages that are over are kept so long."""
    purge_every: float = 3600.0
    watch_every: float = 30.0
    """How often overdue acknowledgements of partners are looked for."""


class Daemon:
    """One run of the daemon. `run` returns after `stop`, or raises what made it impossible to go on."""

    def __init__(
        self, load: PlanLoader, data: Path, options: Options = Options(), ready: Callable[[], None] = lambda: None
    ) -> None:
        """`ready` is called once, when every route runs."""
        self._load = load
        self._ready = ready
        self._options = options
        self._log = logger()
        self._stopping = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._failure: JournalError | None = None
        self._full = ""
        self.data = data
        self.state: Literal["starting", "ready", "stopping"] = "starting"
        self.since = time.time()
        self.journal: SqliteJournal
        self.plant: Plant

    def stop(self) -> None:
        """End in order: sources first, then what is in flight, then destinations, then the journal."""
        self._stopping.set()

    async def run(self) -> None:
        """Raises ConfigurationError, JournalLocked, JournalLost, JournalCorrupt or JournalError."""
        plan = await asyncio.to_thread(self._load)
        self._log.info(Event.DAEMON_STARTING, project=plan.project, plant=plan.plant, data=str(self.data))
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        options = self._options
        self.journal = await open_journal(
            self.data, limits=options.journal, accept_loss=options.accept_loss, on_fatal=self._journal_failed
        )
        try:
            async with Supervisor(self._log) as supervisor:
                await self._run(plan, supervisor)
        finally:
            await self.journal.close()
            self._log.info(Event.DAEMON_STOPPED)
        if self._failure is not None:
            raise self._failure

    async def _run(self, plan: Plan, supervisor: Supervisor) -> None:
        hub = Hub(
            journal=self.journal,
            supervisor=supervisor,
            log=self._log,
            data=self.data,
            plan_of=self._plan_of,
            journal_full=self._journal_full,
            refusal=self._refusal,
            limits=self._options.lanes,
            backlog=self._options.backlog,
        )
        self.plant = Plant(hub)
        scope = supervisor.scope("daemon")
        control = ControlServer(self.data, Commands(self, self._log).do, supervisor, self._log)
        try:
            # From here on a signal ends it in order, also while it starts.
            with _signals(self.stop, lambda: scope.start(self._reload_by_signal(), name="reload")):
                async with self._reloading:
                    await self.plant.change_to(plan)
                    await self.plant.adopt(await self.journal.ask(lambda reader: reader.totals()))
                await control.open()
                await self._wait_until_ready(scope)
                self._say_ready()
                scope.start(self._housekeeping(), name="housekeeping")
                scope.start(self._watch_acknowledgements(), name="acknowledgements")
                await self._stopping.wait()
        finally:
            self.state = "stopping"
            self._log.info(Event.DAEMON_STOPPING)
            await scope.stop(1.0)
            await self.plant.stop(0.0 if self._failure else self._options.drain_within)
            await control.close()

    async def _plan_of(self, version: int) -> RoutePlan:
        """Compile a route version from the text in the journal. Raises ConfigurationError."""
        text = await self.journal.ask(lambda reader: reader.route_text(version))
        try:
            return await asyncio.to_thread(compile_route_text, text)
        except ConfigurationError:
            raise
        except Exception as error:
            raise Misconfigured(f"its text cannot be read: {type(error).__name__}: {error}") from error

    async def _wait_until_ready(self, scope: Scope) -> None:
        """Until every component was tried once; peers that do not answer, or an early end, cut it short."""
        waits = [
            scope.start(self.plant.tried(), name="first attempts"),
            scope.start(self._stopped(), name="early end"),
        ]
        await asyncio.wait(waits, timeout=self._options.ready_within, return_when=asyncio.FIRST_COMPLETED)

    async def _stopped(self) -> None:
        await self._stopping.wait()

    def _say_ready(self) -> None:
        self.state = "ready"
        self._ready()
        seconds = round(time.time() - self.since, 2)
        self._log.info(Event.DAEMON_READY, routes=len(self.plant.routes), seconds=seconds)

    async def reload(self) -> dict[str, Any]:
        """Read the project again and run what has changed. Raises ConfigurationError; the old one then goes on."""
        async with self._reloading:
            try:
                plan = await asyncio.to_thread(self._load)
                changed = await self.plant.change_to(plan)
            except ConfigurationError as error:
                self._log.error(Event.DAEMON_RELOAD_REFUSED, findings=str(error).splitlines())
                raise
            except Exception as error:
                self._log.error(Event.DAEMON_RELOAD_REFUSED, exc_info=error)
                raise Misconfigured(f"the project could not be read: {type(error).__name__}: {error}") from error
            self._log.info(Event.DAEMON_RELOADED, **changed)
            return changed

    async def _reload_by_signal(self) -> None:
        try:
            await self.reload()
        except ConfigurationError:
            # It is in the log, which is where whoever sent the signal looks.
            return

    async def _housekeeping(self) -> None:
        """Delete what is old, and count what is open from the ledger."""
        while True:
            await asyncio.sleep(self._options.purge_every)
            try:
                await self.journal.purge(keep=self._options.keep)
                self.plant.count(await self.journal.ask(lambda reader: reader.totals()))
            except JournalError as error:
                self._log.warning(Event.RETENTION_FAILED, error=str(error))

    async def _watch_acknowledgements(self) -> None:
        """Say once for each interchange that its acknowledgement is overdue."""
        told: set[tuple[str, int]] = set()
        while True:
            overdue = await self.journal.overdue(time.time_ns() // 1_000_000)
            for one in overdue:
                if (one.series, one.number) not in told:
                    facts = {"series": one.series, "number": one.number, "message": one.seq}
                    self._log.error(Event.ACKNOWLEDGEMENT_OVERDUE, destination=one.destination, **facts)
            told = {(one.series, one.number) for one in overdue}
            await asyncio.sleep(self._options.watch_every)

    def _journal_failed(self, error: JournalError) -> None:
        """Nothing can be written any more: accepting would lose, and delivering would repeat. The process must end."""
        self._log.critical(Event.JOURNAL_FAILED, error=str(error))
        self._failure = error
        self.stop()

    def _journal_full(self, text: str) -> None:
        if bool(text) != bool(self._full):
            if text:
                self._log.error(Event.JOURNAL_FULL, text=text)
            else:
                self._log.info(Event.JOURNAL_ROOM)
        self._full = text

    def _refusal(self) -> str:
        return f"the journal failed: {self._failure}" if self._failure else ""

    @property
    def trouble(self) -> str:
        """Why nothing is accepted now, for people."""
        return self._refusal() or self._full


@contextlib.contextmanager
def _signals(stop: Callable[[], None], reload: Callable[[], object]) -> Iterator[None]:
    """SIGTERM and SIGINT stop, SIGHUP reloads; only in the main thread, where signals arrive."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    handlers = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: reload}
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)


async def run(load: PlanLoader, data: Path, options: Options = Options()) -> None:
    """Run a daemon until it is stopped by a signal or by its control socket. Raises like `Daemon.run`."""
    await Daemon(load, data, options, _keep_what_was_built).run()


def _keep_what_was_built() -> None:
    """Take everything that start-up built away from the garbage collector, which would look at it again and again."""
    gc.collect()
    gc.freeze()
