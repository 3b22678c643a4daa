"""The in-memory connector's peer is its own public side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tundish.sdk.memory import Sent, memory, reset


class Queued(Produced):
    """A unit in a queue."""

    def __init__(self, sent: Sent) -> None:
        self._sent = sent

    @property
    def is_acknowledged(self) -> bool:
        """The queue heard of it."""
        return self._sent.acceptance is not None


class Harness(PeerHarness):
    """Queues of the connection `memory`, which the suite's connections are named after."""

    waived: ClassVar[Mapping[str, str]] = {
        "test_a_line_that_breaks_loses_nothing": "a queue in this process has no line",
        "test_a_half_open_line_is_noticed_and_loses_nothing": "a queue in this process has no line",
        "test_a_slow_line_costs_nothing": "a queue in this process has no line",
        "test_a_dead_line_is_noticed_within_15_seconds": "a queue in this process has no line",
    }

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        reset()

    async def start(self) -> None:
        """Be there."""
        memory("memory").is_up = True

    async def stop(self) -> None:
        """Be gone."""
        memory("memory").is_up = False

    def connection(self, role: Role) -> Mapping[str, object]:
        """There is nothing to set."""
        return {}

    def settings(self, role: Role) -> Mapping[str, object]:
        """One queue for each role."""
        return {"queue": role}

    async def produce(self, body: bytes) -> Produced:
        """Put a unit into the queue."""
        return Queued(memory("memory").queue("source").send(body))

    async def collected(self) -> list[bytes]:
        """What the queue holds."""
        return [message.body for message in memory("memory").queue("destination").delivered]
