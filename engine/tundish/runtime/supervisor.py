"""The only place where tasks start. Every task has an owner; one that crashes takes no other with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Self

from tundish.sdk import Logger
from tundish.telemetry import Event

Failed = Callable[[Exception], None]
"""What hears about a task that raised."""


class Supervisor:
    """Owns all tasks of a daemon, in one task group. Leaving the context waits for what still runs."""

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._group.__aexit__(kind, error, traceback)
        except BaseExceptionGroup as group:
            # No task raises, so what is in the group is what ended the block; its class decides what happens next.
            if error is not None and group.exceptions == (error,):
                raise error from None
            raise

    def start(self, work: Coroutine[Any, Any, None], *, name: str, failed: Failed | None = None) -> asyncio.Task[None]:
        """Run a coroutine as a task. What it raises goes to `failed`, or into the log; the others go on."""
        task = self._group.create_task(self._guarded(work, name, failed), name=name)
        # A task that is cancelled before its first step never awaits its work; closing what has ended does nothing.
        task.add_done_callback(lambda _: work.close())
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None], name: str, failed: Failed | None) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - one task's fault must not end the group; it is reported
            if failed is None:
                self._log.error(Event.TASK_CRASHED, task=name, exc_info=error)
            else:
                failed(error)

    async def together(self, works: Iterable[Coroutine[Any, Any, object]], *, name: str) -> None:
        """Run coroutines at the same time and wait for all; one that raises is logged and disturbs no other."""
        tasks = [self.start(_without_result(work), name=name) for work in works]
        if tasks:
            await asyncio.wait(tasks)

    def scope(self, name: str) -> Scope:
        """A family of tasks that stop together."""
        return Scope(self, name, self._log)


async def _without_result(work: Coroutine[Any, Any, object]) -> None:
    await work


class Scope:
    """The tasks of one component, cancelled and awaited together."""

    def __init__(self, supervisor: Supervisor, name: str, log: Logger) -> None:
        self.name = name
        self._supervisor = supervisor
        self._log = log
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], *, name: str, failed: Failed | None = None) -> asyncio.Task[None]:
        """Run a coroutine as a task of this scope."""
        task = self._supervisor.start(work, name=f"{self.name}: {name}", failed=failed)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self, within: float) -> None:
        """Cancel every task and wait until all have ended, at most `within` seconds."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await self.wait(within, tasks)

    async def wait(self, within: float, tasks: tuple[asyncio.Task[None], ...] | None = None) -> bool:
        """Wait until the tasks have ended by themselves, at most `within` seconds; False when some have not."""
        running = tuple(self._tasks) if tasks is None else tasks
        if not running:
            return True
        _, late = await asyncio.wait(running, timeout=within)
        for task in late:
            self._log.warning(Event.COMPONENT_STUCK, task=task.get_name(), seconds=within)
        return not late
