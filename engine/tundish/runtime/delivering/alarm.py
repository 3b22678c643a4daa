"""Wakes somebody up at the next of the times that there is something to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

_LATE = 0.001
"""Seconds behind the time, so that it is over when somebody looks."""


class Alarm:
    """One timer of the event loop, set anew only where the time changes."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, times: Iterable[float | None]) -> None:
        """Wake up at the first of these monotonic times that is still to come; at none where there is none."""
        now = time.monotonic()
        at = min((at for at in times if at and at > now), default=0.0)
        if at == self._at:
            return
        self.clear()
        if at:
            self._at = at
            self._timer = asyncio.get_running_loop().call_later(at - now + _LATE, self._ring)

    def clear(self) -> None:
        """Wake up at no time."""
        self._at = 0.0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._at, self._timer = 0.0, None
        self._wake()
