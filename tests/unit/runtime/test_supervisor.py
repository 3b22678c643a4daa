"""Every task has an owner, and one that crashes takes no other with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tundish.errors import AuthFailed, NotConnected
from tundish.runtime.components import Life
from tundish.runtime.supervisor import Supervisor
from tundish.sdk import Component, Context
from tundish.telemetry import Event

pytestmark = pytest.mark.anyio


class Log:
    """Remembers what was said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, object]]] = []

    def debug(self, event: str, **facts: object) -> None:
        self.said.append((event, facts))

    info = warning = error = debug

    def events(self) -> list[str]:
        return [event for event, _ in self.said]


async def crash() -> None:
    raise ZeroDivisionError("oops")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - any change may make it true
            await asyncio.sleep(0.005)


async def test_a_crash_is_reported_and_the_others_go_on() -> None:
    log, done = Log(), asyncio.Event()
    heard: list[Exception] = []

    async def work() -> None:
        await asyncio.sleep(0.02)
        done.set()

    async with Supervisor(log) as supervisor:
        supervisor.start(work(), name="works")
        supervisor.start(crash(), name="crashes")
        supervisor.start(crash(), name="crashes", failed=heard.append)
    assert done.is_set()
    assert log.events() == [Event.TASK_CRASHED]
    assert [type(error) for error in heard] == [ZeroDivisionError]


async def test_a_task_that_is_cancelled_before_its_first_step_leaves_no_coroutine_behind() -> None:
    async with Supervisor(Log()) as supervisor:
        scope = supervisor.scope("erp")
        scope.start(crash(), name="never runs")
        await scope.stop(1)


async def test_what_ends_the_block_is_raised_as_it_is() -> None:
    async def block() -> None:
        async with Supervisor(Log()) as supervisor:
            supervisor.start(asyncio.sleep(60), name="sleeps")
            raise NotConnected("gone")

    with pytest.raises(NotConnected):
        await block()


async def test_a_scope_that_does_not_stop_is_named() -> None:
    log, freed = Log(), asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await freed.wait()
            raise

    async with Supervisor(log) as supervisor:
        scope = supervisor.scope("erp")
        scope.start(stubborn(), name="reads")
        await asyncio.sleep(0)
        await scope.stop(0.01)
        freed.set()
    ((event, facts),) = log.said
    assert (event, facts["task"]) == (Event.COMPONENT_STUCK, "erp: reads")


class Peer(Component):
    """A component whose peer a test breaks."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.opened = 0
        self.closed = 0
        self.refuses: list[Exception] = []

    async def open(self) -> None:
        if self.refuses:
            raise self.refuses.pop(0)
        self.opened += 1

    async def close(self) -> None:
        self.closed += 1


async def test_a_component_is_opened_again_and_closed_after_every_open(tmp_path: Path) -> None:
    log = Log()
    async with Supervisor(log) as supervisor:
        life = Life("connection/erp", Peer, supervisor=supervisor, log=log, data=tmp_path / "erp")
        life.component.refuses = [NotConnected("not yet")]
        scope = supervisor.scope("test")
        scope.start(life.run(), name="life")
        await life.opened()
        assert (life.component.opened, life.component.closed) == (1, 1)
        life.component.context.start(crash(), name="reader")
        await until(lambda: life.component.opened == 2)
        assert life.is_open
        await scope.stop(1)
    assert (life.state, life.component.closed) == ("closed", 3)
    assert log.events() == [
        Event.COMPONENT_LOST,
        Event.COMPONENT_OPEN,
        Event.COMPONENT_CRASHED,
        Event.COMPONENT_OPEN,
    ]
    assert (tmp_path / "erp").is_dir()


async def test_what_stands_on_a_lost_connection_is_opened_after_it(tmp_path: Path) -> None:
    log = Log()
    async with Supervisor(log) as supervisor:
        connection = Life("connection/erp", Peer, supervisor=supervisor, log=log, data=tmp_path / "a")
        source = Life("orders/from", Peer, supervisor=supervisor, log=log, data=tmp_path / "b", needs=connection)
        scope = supervisor.scope("test")
        for life in (source, connection):
            scope.start(life.run(), name=life.name)
        await source.opened()
        connection.lost(NotConnected("reset"))
        await until(lambda: source.component.opened == 2)
        assert connection.component.opened == 2
        await scope.stop(1)


async def test_refused_credentials_are_an_alarm_and_delay_nobody(tmp_path: Path) -> None:
    log = Log()
    async with Supervisor(log) as supervisor:
        connection = Life("connection/erp", Peer, supervisor=supervisor, log=log, data=tmp_path / "a")
        source = Life("orders/from", Peer, supervisor=supervisor, log=log, data=tmp_path / "b", needs=connection)
        connection.component.refuses = [AuthFailed("401")]
        scope = supervisor.scope("test")
        for life in (source, connection):
            scope.start(life.run(), name=life.name)
        async with asyncio.timeout(1):
            await connection.tried()
            await source.tried()
        assert (connection.state, connection.error) == ("waiting", "401")
        assert source.state == "opening"
        await scope.stop(1)
    ((event, facts),) = log.said
    assert event == Event.COMPONENT_REFUSED
    assert facts["retry_in"] >= 7.5  # type: ignore[operator] # the log takes any fact
