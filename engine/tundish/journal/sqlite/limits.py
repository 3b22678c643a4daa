"""How much room a journal may take, and how long it remembers."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024
DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    quota: int = 10 * 1024 * MEBIBYTE
    """The database never grows beyond this; accepting stops when a tenth of it is left, delivering goes on."""
    min_free: int = 64 * MEBIBYTE
    """Accepting stops while the disk has less free than this."""
    ballast: int = 32 * MEBIBYTE
    """A file that is given up when the disk is full, so that deliveries can be closed and old messages deleted."""
    log: int = 16 * MEBIBYTE
    """The write-ahead log goes back into the database when it is longer than this; the ballast must be larger."""
    keep_once: float = 30 * DAY
    """A `once` key is known at least this long."""
    longest_wait: float = DAY
    """A stored due time is never taken for later than now plus this, so a clock that was wrong freezes nothing."""
