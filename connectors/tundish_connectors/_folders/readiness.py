"""When a file is complete: nobody tells, so it is watched until it stays as it is. Pure; the clock is passed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tundish_connectors._folders.contract import Stamp


@dataclass(slots=True)
class _Seen:
    stamp: Stamp
    first: float
    unchanged: int = 0


class Readiness:
    """Remembers what each look at a folder found."""

    def __init__(self, *, stable_polls: int, settle: float) -> None:
        self._stable_polls = stable_polls
        self._settle = settle
        self._seen: dict[str, _Seen] = {}

    def look(self, found: Mapping[str, Stamp], now: float) -> list[str]:
        """The names that are complete, the oldest first, by name where they are as old. `now` is in seconds."""
        self._seen = {name: self._again(name, stamp, now) for name, stamp in found.items()}
        ready = [name for name, seen in self._seen.items() if self._is_complete(seen, now)]
        return sorted(ready, key=lambda name: (found[name].modified, name))

    def forget(self, name: str) -> None:
        """Watch this file from the beginning."""
        self._seen.pop(name, None)

    def _again(self, name: str, stamp: Stamp, now: float) -> _Seen:
        seen = self._seen.get(name)
        if seen is None or seen.stamp.inode != stamp.inode:
            return _Seen(stamp, now)
        if seen.stamp != stamp:
            return _Seen(stamp, seen.first)
        return _Seen(stamp, seen.first, seen.unchanged + 1)

    def _is_complete(self, seen: _Seen, now: float) -> bool:
        return seen.unchanged >= self._stable_polls and now - seen.first >= self._settle
