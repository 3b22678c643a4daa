"""Keeps a component open as the daemon does, by the supervisor's own rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.conformance.stand import RecordingLog
from tundish.errors import DeliveryError, NotConnected, Transient, Unknown
from tundish.model import Outgoing
from tundish.runtime.components import Life
from tundish.runtime.supervisor import Supervisor
from tundish.sdk import Connection, ConnectorSpec, Part
from tundish.telemetry import Event

Work = Callable[[Any], Coroutine[Any, Any, None]]


class Upkeep:
    """A connection with one component on it; each is opened again whenever it is lost."""

    def __init__(
        self,
        supervisor: Supervisor,
        folder: Path,
        spec: ConnectorSpec,
        part: Part[Any],
        connection_settings: Mapping[str, object],
        settings: Mapping[str, object],
    ) -> None:
        self.supervisor = supervisor
        self.log = RecordingLog()
        made, loaded = spec.load(spec.connection), spec.load(part)
        self._connection: Life[Connection[Any]] = Life(
            f"connection/{folder.name}",
            lambda context: made(spec.connection.settings.model_validate(connection_settings), context),
            supervisor=supervisor,
            log=self.log,
            data=folder / "connection",
        )
        self.life: Life[Any] = Life(
            f"{folder.name}/under-test",
            lambda context: loaded(part.settings.model_validate(settings), self._connection.component, context),
            supervisor=supervisor,
            log=self.log,
            data=folder / "component",
            needs=self._connection,
        )

    @asynccontextmanager
    async def running(self, work: Work | None) -> AsyncIterator[None]:
        """It is kept open until the block ends; `work` runs whenever it is open.

        A component that could not be opened or closed, other than for a lost peer, is a fault.
        """
        tasks = [
            self.supervisor.start(self._connection.run(), name=self._connection.name),
            self.supervisor.start(self.life.run(work), name=self.life.name),
        ]
        try:
            yield
        finally:
            for task in reversed(tasks):
                task.cancel()
                await asyncio.wait([task])
        assert not self._faults()

    @property
    def openings(self) -> int:
        """How often the component was opened."""
        opened = [facts for _, event, facts in self.log.events if event == Event.COMPONENT_OPEN]
        return sum(facts["component"] == self.life.name for facts in opened)

    def _faults(self) -> list[tuple[str, dict[str, object]]]:
        return [
            (event, facts)
            for level, event, facts in self.log.events
            if level == "error" or event == Event.COMPONENT_STUCK
        ]

    async def deliver(self, message: Outgoing) -> None:
        """One attempt, as the daemon makes it. Raises a DeliveryError; anything else is a fault of the connector."""
        if not self.life.is_open:
            raise Transient(f"{self.life.name} is not open")
        try:
            await self.life.component.deliver(message)
        except NotConnected as error:
            self.life.lost(error)
            raise Transient(str(error)) from error
        except Exception as error:
            if isinstance(error, DeliveryError) or self.life.is_open:
                raise
            raise Unknown(f"{self.life.name} was closed during the delivery: {error}") from error
