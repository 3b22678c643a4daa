"""What one tag's values pass through, in this order: quality, debounce, edge, deadband, counter."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tundish_connectors.opcua.tag_settings import TagSettings
from tundish_connectors.opcua.tags.counter import count
from tundish_connectors.opcua.tags.debounce import Debounce
from tundish_connectors.opcua.values.plain import exact
from tundish_connectors.opcua.values.records import Record, severity

_REFUSED = {"any": frozenset[str](), "not-bad": frozenset({"bad"}), "good": frozenset({"bad", "uncertain"})}


class TagChain:
    """One tag. Its state is JSON, so that it can travel with the position of the source."""

    def __init__(self, settings: TagSettings) -> None:
        self._settings = settings
        self._debounce = None if settings.debounce is None else Debounce(settings.debounce)
        self._high: bool | None = None
        self._last: Decimal | None = None
        self._counted: Decimal | None = None

    @property
    def due(self) -> float | None:
        """When `flush` will have something, by the clock of `take`."""
        return None if self._debounce is None else self._debounce.due

    def take(self, record: Record, now: float) -> list[Record]:
        """A new value; the records that are handed over because of it."""
        if severity(record) in _REFUSED[self._settings.quality]:
            return []
        stable = [record] if self._debounce is None else self._debounce.take(record, now)
        return [each for each in stable if self._passes(each)]

    def flush(self, now: float) -> list[Record]:
        """The records that became due with time."""
        if self._debounce is None:
            return []
        return [each for each in self._debounce.flush(now) if self._passes(each)]

    def _passes(self, record: Record) -> bool:
        return self._is_edge(record) and self._is_far(record) and self._is_counted(record)

    def _is_edge(self, record: Record) -> bool:
        if self._settings.edge is None:
            return True
        before, self._high = self._high, bool(record["value"])
        # The first value is no edge: nobody knows what was before.
        return before is not None and before != self._high and self._high == (self._settings.edge == "rising")

    def _is_far(self, record: Record) -> bool:
        number = exact(record["value"])
        if self._settings.deadband is None or number is None:
            return True
        if self._last is not None and abs(number - self._last) < self._settings.deadband:
            return False
        self._last = number
        return True

    def _is_counted(self, record: Record) -> bool:
        number = exact(record["value"])
        # A counter without a value (a bad status) says nothing about what it will count next.
        if self._settings.counter is not None and number is not None:
            counted = count(self._counted, number, self._settings.counter.rolls_over_at)
            self._counted = number
            record["difference"], record["counter"] = counted.difference, counted.step
        return True

    def state(self) -> dict[str, Any]:
        """What has to survive a restart."""
        numbers = {"last": self._last, "counted": self._counted}
        found: dict[str, Any] = {name: None if number is None else str(number) for name, number in numbers.items()}
        found["high"] = self._high
        if self._debounce is not None:
            found["debounce"] = self._debounce.state()
        return found

    def restore(self, state: dict[str, Any], now: float) -> None:
        """Go on from a state."""
        self._high = state.get("high")
        self._last = None if state.get("last") is None else Decimal(state["last"])
        self._counted = None if state.get("counted") is None else Decimal(state["counted"])
        if self._debounce is not None and state.get("debounce") is not None:
            self._debounce.restore(state["debounce"], now)
