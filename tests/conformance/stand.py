"""Holds a component as the daemon does: lends it a context, owns its tasks, hears when it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tundish.errors import Backpressure
from tundish.model import Acceptance, Outgoing, Unit
from tundish.sdk import Component, Connection, ConnectorSpec, Context, Destination, Intake, Lookup, Part, Source

P = TypeVar("P", bound=Component)

PATIENCE = 10.0
"""Seconds after which a test gives up."""


class RecordingLog:
    """Keeps what a component says."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, dict[str, object]]] = []

    def debug(self, event: str, **facts: object) -> None:
        """Keep it."""
        self.events.append(("debug", event, facts))

    def info(self, event: str, **facts: object) -> None:
        """Keep it."""
        self.events.append(("info", event, facts))

    def warning(self, event: str, **facts: object) -> None:
        """Keep it."""
        self.events.append(("warning", event, facts))

    def error(self, event: str, **facts: object) -> None:
        """Keep it."""
        self.events.append(("error", event, facts))


def _accepted(unit: Unit, number: int) -> Acceptance:
    return Acceptance("accepted", (number,))


@dataclass
class RecordingIntake(Intake):
    """Takes units into memory. It can refuse, wait, and decide what becomes of a unit."""

    decide: Callable[[Unit, int], Acceptance] = _accepted
    refusals: int = 0
    """How many of the next units meet back-pressure."""
    delay: Callable[[int], float] = lambda number: 0.0
    """Seconds that the unit of this number waits for its disk."""
    offered: list[Unit] = field(default_factory=list)
    accepted: list[Unit] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing becomes durable while it is not set."""
    position: bytes | None = None
    _writing: set[asyncio.Task[Acceptance]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.gate.set()

    async def accept(self, unit: Unit) -> Acceptance:
        """As the test wants it."""
        return await self._write(unit, self._offer(unit))

    def hand_over(self, unit: Unit) -> asyncio.Future[Acceptance]:
        """The same, beside others."""
        writing = asyncio.get_running_loop().create_task(self._write(unit, self._offer(unit)))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        return writing

    def forget(self) -> None:
        """What is not accepted yet never will be: the process was killed."""
        for writing in tuple(self._writing):
            writing.cancel()

    def _offer(self, unit: Unit) -> int:
        self.offered.append(unit)
        if self.refusals:
            self.refusals -= 1
            raise Backpressure("the test takes nothing now", 0.05)
        return len(self.offered)

    async def _write(self, unit: Unit, number: int) -> Acceptance:
        await self.gate.wait()
        self.accepted.append(unit)
        self.position = unit.cursor or self.position
        await asyncio.sleep(self.delay(number))
        return self.decide(unit, number)

    async def cursor(self) -> bytes | None:
        """That of the last unit that was accepted, or what the source kept since, or what the test set."""
        return self.position

    async def keep(self, cursor: bytes) -> None:
        """The position is another one from now on."""
        self.position = cursor

    async def wait_for(self, count: int, *, offered: bool = False) -> list[Unit]:
        """The units, once there are so many."""
        found = self.offered if offered else self.accepted
        await until(lambda: len(found) >= count, lambda: f"{len(found)} of {count} units")
        return found


async def until(condition: Callable[[], bool], what: Callable[[], str] = str, within: float = PATIENCE) -> None:
    """Wait until something is true. Fails with `what` when it stays false."""
    try:
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 - a foreign process has no event to wait for
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {within} s: {what()}") from None


class Held:
    """One component and its tasks."""

    def __init__(self, group: asyncio.TaskGroup, name: str, data: Path) -> None:
        self._group = group
        self._tasks: set[asyncio.Task[None]] = set()
        self.log = RecordingLog()
        data.mkdir(parents=True, exist_ok=True)
        self.context = Context(name=name, log=self.log, start=self._start, data=data)
        self.lost: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    def _start(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        task = self._group.create_task(self._guarded(work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # A task that is cancelled before its first step never awaits its work.
        task.add_done_callback(lambda _: work.close())

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - a test looks at it
            if not self.lost.done():
                self.lost.set_result(error)

    async def stop_tasks(self) -> None:
        """Cancel and await them, as the supervisor does before `close`."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=PATIENCE)
        self.lost = asyncio.get_running_loop().create_future()


class Stand:
    """A connection with one component on it."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        folder: Path,
        spec: ConnectorSpec,
        part: Part[Any],
        connection_settings: Mapping[str, object],
        settings: Mapping[str, object],
        route: str = "a-route",
    ) -> None:
        self._connection = Held(group, f"connection/{spec.id}", folder / "connection")
        self.held = Held(group, f"{route}/under-test", folder / route)
        made = spec.load(spec.connection)
        self.connection: Connection[Any] = made(
            spec.connection.settings.model_validate(connection_settings), self._connection.context
        )
        loaded = spec.load(part)
        self.component: Any = loaded(part.settings.model_validate(settings), self.connection, self.held.context)

    @property
    def lost(self) -> asyncio.Future[Exception]:
        """Has the reason when the component is lost."""
        return self.held.lost

    @property
    def log(self) -> RecordingLog:
        """What the component said."""
        return self.held.log

    async def open(self) -> None:
        """Open the connection and the component. Raises what they raise."""
        await self.connection.open()
        await self.component.open()

    async def open_when_possible(self) -> None:
        """Try until it works, as the supervisor does."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await self.open()
                except Exception:  # noqa: BLE001 - whatever it was, the next attempt tells
                    await self.close()
                    await asyncio.sleep(0.1)

    def run(self, intake: Intake) -> None:
        """Let a source receive."""
        assert isinstance(self.component, Source)
        self.held.context.start(self.component.run(intake), name="run")

    async def close(self) -> None:
        """Stop the tasks, then close the component and the connection."""
        await self.held.stop_tasks()
        await self.component.close()
        await self._connection.stop_tasks()
        await self.connection.close()

    @property
    def destination(self) -> Destination[Any, Any]:
        """The component as a destination."""
        assert isinstance(self.component, Destination)
        return self.component

    @property
    def lookup(self) -> Lookup[Any, Any]:
        """The component as a lookup."""
        assert isinstance(self.component, Lookup)
        return self.component


class Workbench:
    """Makes stands; they are closed at the end."""

    def __init__(self, group: asyncio.TaskGroup, folder: Path) -> None:
        self._group = group
        self._folder = folder
        self._stands: list[Stand] = []

    def stand(
        self,
        spec: ConnectorSpec,
        part: Part[Any] | None,
        connection: Mapping[str, object],
        settings: Mapping[str, object],
        route: str = "a-route",
    ) -> Stand:
        """A component, not open yet."""
        assert part is not None
        made = Stand(self._group, self._folder / spec.id, spec, part, connection, settings, route)
        self._stands.append(made)
        return made

    async def close(self) -> None:
        """Close every stand."""
        for stand in self._stands:
            await stand.close()


@asynccontextmanager
async def workbench(folder: Path) -> AsyncIterator[Workbench]:
    """A place for components under test."""
    async with asyncio.TaskGroup() as group:
        bench = Workbench(group, folder)
        try:
            yield bench
        finally:
            await bench.close()


def outgoing(number: int, body: bytes = b"", **fields: object) -> Outgoing:
    """A message to be delivered; `fields` are what templates see."""
    scope: dict[str, object] = {"id": f"m{number:05d}", "meta": {}, "plant": {}, "vars": {}, **fields}
    return Outgoing(
        id=number,
        key=str(scope["id"]),
        idempotency_key=f"key-{number:05d}",
        record={"id": str(scope["id"])},
        body=body or b'{"n": %d}' % number,
        content_type="application/json",
        scope=scope,
    )
