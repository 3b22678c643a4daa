"""The life of a component: it is opened, watched, opened again when its peer is gone, and closed."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from tundish.errors import AuthFailed, ConfigurationError, NotConnected
from tundish.runtime.supervisor import Supervisor
from tundish.sdk import Backoff, Component, Context, Logger, RouteFacts
from tundish.telemetry import Event

K = TypeVar("K", bound=Component)

LifeState = Literal["opening", "open", "waiting", "closed"]

RECONNECT = Backoff(0.2, 30.0)
REFUSED = Backoff(15.0, 600.0)
"""Credentials and settings do not mend themselves, and many peers lock an account that knocks too often."""

SETTLED = 1.0
"""Seconds after which an open component counts as healthy, so that its next backoff begins at the short end."""
CLOSE_WITHIN = 5.0


class Life(Generic[K]):
    """Keeps one component open for as long as `run` is running."""

    def __init__(
        self,
        name: str,
        build: Callable[[Context], K],
        *,
        supervisor: Supervisor,
        log: Logger,
        data: Path,
        needs: Life[Any] | None = None,
        changed: Callable[[], None] = lambda: None,
        route: RouteFacts | None = None,
    ) -> None:
        """Build the component. `needs` is the connection it stands on; `changed` hears when it opens or is lost.

        Raises MissingExtra or ConfigurationError.
        """
        self.name = name
        self.state: LifeState = "closed"
        self.error = ""
        self._log = log
        self._scope = supervisor.scope(name)
        self._needs = needs
        self._changed = changed
        self.dependents: set[Life[Any]] = set()
        self._open = asyncio.Event()
        self._tried = asyncio.Event()
        self._open_since = math.inf
        self._lost: asyncio.Future[Exception] | None = None
        data.mkdir(parents=True, exist_ok=True)
        self.component = build(Context(name=name, log=log, start=self._start, data=data, route=route))

    @property
    def is_open(self) -> bool:
        """The component can be used now."""
        return self._open.is_set()

    async def tried(self) -> None:
        """Wait until the first attempt to open it has ended, one way or the other."""
        await self._tried.wait()

    async def opened(self) -> None:
        """Wait until it is open."""
        await self._open.wait()

    def lost(self, error: Exception) -> None:
        """Tell that the peer is gone; the component is closed and opened again."""
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(error)

    def _start(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        self._scope.start(work, name=name, failed=self.lost)

    async def run(self, work: Callable[[K], Coroutine[Any, Any, None]] | None = None) -> None:
        """Keep it open until cancelled; `work` runs whenever it is open (a source's `run`)."""
        failures = 0
        if self._needs is not None:
            self._needs.dependents.add(self)
        try:
            while True:
                self._open_since = math.inf
                error = await self._once(work)
                failures = 1 if time.monotonic() - self._open_since > SETTLED else failures + 1
                await asyncio.sleep(self._pause(error, failures))
        finally:
            self.state = "closed"
            self._tried.set()
            if self._needs is not None:
                self._needs.dependents.discard(self)

    async def _once(self, work: Callable[[K], Coroutine[Any, Any, None]] | None) -> Exception:
        """Open, and stay until it is lost; returns why."""
        self.state = "opening"
        if self._needs is not None:
            await self._needs.tried()
            if not self._needs.is_open:
                # What it stands on was tried in vain; whoever waits for the first attempt of this one may go on.
                self._tried.set()
            await self._needs.opened()
        self._lost = asyncio.get_running_loop().create_future()
        try:
            await self.component.open()
            faults = [str(fault) for fault in await self.component.check()]
            self._opened(faults)
            if work is not None:
                self._start(work(self.component), name="run")
            return await self._lost
        except Exception as error:  # noqa: BLE001 - the class decides how it is tried again; nothing is swallowed
            return error
        finally:
            await self._closed()

    def _opened(self, faults: list[str]) -> None:
        self.state, self.error = "open", "; ".join(faults)
        self._open.set()
        self._open_since = time.monotonic()
        self._tried.set()
        self._log.info(Event.COMPONENT_OPEN, component=self.name)
        if faults:
            self._log.warning(Event.COMPONENT_REFUSED, component=self.name, faults=faults)
        self._changed()

    async def _closed(self) -> None:
        """Close whatever was opened, also half-way; never raises."""
        was_open = self.is_open
        self._open.clear()
        for dependent in tuple(self.dependents):
            dependent.lost(NotConnected(f"{self.name} is gone"))
        try:
            await self._scope.stop(CLOSE_WITHIN)
            async with asyncio.timeout(CLOSE_WITHIN):
                await self.component.close()
        except Exception as error:  # noqa: BLE001 - closing must reach the next component
            self._log.error(Event.COMPONENT_CRASHED, component=self.name, exc_info=error)
        if was_open:
            self._changed()

    def _pause(self, error: Exception, failures: int) -> float:
        """Log why it is closed; seconds to wait before the next attempt."""
        self.state, self.error = "waiting", str(error) or type(error).__name__
        self._tried.set()
        refused = isinstance(error, AuthFailed | ConfigurationError)
        wait = (REFUSED if refused else RECONNECT).wait(failures, random.random)
        facts = {"component": self.name, "error": self.error, "retry_in": round(wait, 2)}
        if refused:
            self._log.error(Event.COMPONENT_REFUSED, **facts)
        elif isinstance(error, NotConnected | OSError):
            self._log.warning(Event.COMPONENT_LOST, **facts)
        else:
            self._log.error(Event.COMPONENT_CRASHED, **facts, exc_info=error)
        return wait
