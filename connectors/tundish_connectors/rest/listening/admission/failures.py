"""Says that requests were refused, without letting strangers fill the log."""

from __future__ import annotations

import time

from tundish.sdk import Logger
from tundish.telemetry import Event

_EVERY = 10.0
"""Seconds between two lines about refused requests."""


class Failures:
    """Counts refusals; the first is logged at once, the others together."""

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._count = 0
        self._said = -_EVERY

    def add(self, remote: str, text: str) -> None:
        """One more request was refused."""
        self._count += 1
        now = time.monotonic()
        if now - self._said >= _EVERY:
            self._log.warning(Event.REQUEST_REFUSED, remote=remote, text=text, refused=self._count)
            self._count = 0
            self._said = now

    def tick(self) -> None:
        """Tell about those that no other followed; called now and then."""
        now = time.monotonic()
        if self._count and now - self._said >= _EVERY:
            self._log.warning(Event.REQUEST_REFUSED, text="further requests were refused", refused=self._count)
            self._count = 0
            self._said = now
