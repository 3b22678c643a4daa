"""The circuit of a destination: when it is down, one delivery at a time tries it, and the others wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tundish.sdk import Backoff

LANES_TO_OPEN = 5
"""How many different lanes must fail in a row. One order that always gets a 503 says nothing about the destination."""

CircuitState = Literal["closed", "open", "half-open"]


class Circuit:
    """Counts failures in a row and decides whether the destination may be tried. Times are monotonic seconds."""

    def __init__(self, backoff: Backoff, *, clock: Callable[[], float], random: Callable[[], float]) -> None:
        self._backoff = backoff
        self._clock = clock
        self._random = random
        self._failed: set[str | int] = set()
        self._openings = 0
        self._probing = False
        self.until = 0.0
        """When the next attempt may be made; 0 when there is nothing to wait for."""

    @property
    def state(self) -> CircuitState:
        """`half-open`: the wait is over, and one attempt decides."""
        if not self._openings:
            return "closed"
        return "open" if self._clock() < self.until else "half-open"

    def allows(self) -> bool:
        """Whether another attempt may start now."""
        if self._clock() < self.until:
            return False
        return not self._openings or not self._probing

    def started(self) -> None:
        """An attempt starts; in a half-open circuit it is the probe."""
        self._probing = self._openings > 0

    def pause(self, seconds: float) -> None:
        """The destination asked everyone to wait."""
        self._probing = False
        self.until = max(self.until, self._clock() + seconds)

    def succeeded(self) -> bool:
        """The destination answered; True when that closed the circuit."""
        was_open = self._openings > 0
        self._failed.clear()
        self._openings = 0
        self._probing = False
        if was_open:
            self.until = 0.0
        return was_open

    def failed(self, lane: str | int) -> bool:
        """The destination could not be used by this lane; True when that opened the circuit, or kept it open."""
        if self._openings and not self._probing:
            # It started before the circuit opened and tells nothing new.
            return False
        self._failed.add(lane)
        if not self._openings and len(self._failed) < LANES_TO_OPEN:
            return False
        self._openings += 1
        self._probing = False
        self.until = self._clock() + self._backoff.wait(self._openings, self._random)
        return True

    def spared(self) -> None:
        """The attempt ended before the destination was tried, so it tells nothing."""
        self._probing = False
