"""Pages between their arrival and the journal: one unit is written at a time, of the pages that came meanwhile.

A journal syncs its disk once for each unit, so a system that gives small pages would be asked as slowly as the disk
turns. What is written keeps the order of the pages, and each unit has the position behind its last one; so nothing but
time is lost when the daemon dies with pages in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tundish.model import Record, Unit
from tundish.sdk import Intake, accept_patiently
from tundish_connectors.rest.polling.position import Position

MOST_RECORDS = 500
"""In a unit, unless a page has more."""
MOST_BYTES = 1024 * 1024
"""The same in bytes."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The new records of a page."""

    lines: Sequence[bytes]
    meta: Record
    position: Position
    """Where the poller stands when these are durable."""
    size: int


class Handover:
    """For one life of a source; `write` is its task."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._waiting: list[Taken] = []
        self._is_writing = False
        self._changed = asyncio.Condition()

    async def put(self, page: Taken) -> None:
        """Take a page; returns when another one may come."""
        async with self._changed:
            self._waiting.append(page)
            self._changed.notify_all()
            await self._changed.wait_for(lambda: not _is_enough(self._waiting))

    async def flush(self) -> None:
        """Wait until everything is durable."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._waiting and not self._is_writing)

    async def write(self) -> None:
        """Write whatever came, until cancelled."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: bool(self._waiting))
                pages = self._next()
                self._is_writing = True
                self._changed.notify_all()
            unit = Unit(
                body=b"".join(line for page in pages for line in page.lines),
                received=datetime.now(UTC),
                meta=pages[0].meta,
                cursor=pages[-1].position.encode(),
            )
            await accept_patiently(self._intake, unit)
            async with self._changed:
                self._is_writing = False
                self._changed.notify_all()

    def _next(self) -> list[Taken]:
        """Pages for one unit, and the others wait."""
        count = 1
        while count < len(self._waiting) and not _is_enough(self._waiting[: count + 1]):
            count += 1
        pages, self._waiting = self._waiting[:count], self._waiting[count:]
        return pages


def _is_enough(pages: Sequence[Taken]) -> bool:
    return sum(len(page.lines) for page in pages) >= MOST_RECORDS or sum(page.size for page in pages) >= MOST_BYTES
