"""Waits until a value has been the same for some time. Pure: the clock comes in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tundish_connectors.opcua.values.records import Record


class Debounce:
    """Holds the newest value back until it is stable; one that bounced back in time leaves no trace."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._pending: Record | None = None
        self._due: float | None = None
        self._stable: Any = None

    @property
    def due(self) -> float | None:
        """When the value that is held back will have been stable for long enough."""
        return self._due

    def take(self, record: Record, now: float) -> list[Record]:
        """A new value; what became stable before it came."""
        passed: list[Record] = []
        if self._pending is not None:
            if record["value"] == self._pending["value"]:
                return []
            # The times of the machine decide: several changes come with one notification.
            if _seconds(self._pending, record) >= self._seconds:
                passed = self._pass()
        self._pending = self._due = None
        if record["value"] != self._stable:
            self._pending, self._due = record, now + self._seconds
        return passed

    def flush(self, now: float) -> list[Record]:
        """The value that is stable by now, if there is one."""
        return self._pass() if self._due is not None and now >= self._due else []

    def _pass(self) -> list[Record]:
        pending, self._pending, self._due = self._pending, None, None
        if pending is None:
            return []
        self._stable = pending["value"]
        return [pending]

    def state(self) -> dict[str, Any]:
        """What has to survive a restart."""
        return {"stable": self._stable, "pending": self._pending}

    def restore(self, state: dict[str, Any], now: float) -> None:
        """Go on from a state; what was held back waits once more."""
        self._stable, self._pending = state["stable"], state["pending"]
        self._due = None if self._pending is None else now + self._seconds


def _seconds(earlier: Record, later: Record) -> float:
    times = [record["source_time"] or record["server_time"] for record in (earlier, later)]
    if None in times:
        return 0.0
    begin, end = (datetime.fromisoformat(text) for text in times)
    return (end - begin).total_seconds()
