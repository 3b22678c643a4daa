"""Pages between their arrival and the journal: those that come shortly after each other are one unit.

A transaction of the journal costs more than a small page, and a poll is in no hurry. What is written keeps the order of
the pages, and each unit has the position behind its last one; so nothing but time is lost when the daemon dies with
pages in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tundish.model import Acceptance, Record, Unit
from tundish.sdk import Arrivals, Context, Intake
from tundish_connectors.rest.polling.position import Position

MOST_RECORDS = 500
"""In a unit, unless a page has more."""
MOST_BYTES = 1024 * 1024
"""The same in bytes."""
COMPANY = 0.1
"""Seconds that a page waits for others."""
AT_ONCE = 2
"""Units with the journal: one is being written, and the next one is ready."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The new records of a page."""

    lines: Sequence[bytes]
    meta: Record
    position: Position
    """Where the poller stands when these are durable."""
    size: int


class Handover:
    """For one life of a source: made in `run`, never kept."""

    def __init__(self, intake: Intake, context: Context) -> None:
        self._arrivals = Arrivals(intake)
        self._arrivals.start(context, AT_ONCE)
        self._waiting: list[Taken] = []
        self._records = self._size = 0
        self._company: asyncio.TimerHandle | None = None
        """For what waits to be written without more."""
        self._overdue = False
        self._written = asyncio.Event()

    async def put(self, page: Taken) -> None:
        """Take a page; returns when another one may come."""
        self._waiting.append(page)
        self._records += len(page.lines)
        self._size += page.size
        if self._company is None:
            self._company = asyncio.get_running_loop().call_later(COMPANY, self._write_soon)
        self._write_what_is_due()
        while self._is_enough:
            await self._news()

    async def flush(self) -> None:
        """Wait until everything is durable."""
        self._write_soon()
        while self._waiting or self._arrivals.unacknowledged:
            await self._news()

    @property
    def _is_enough(self) -> bool:
        return self._records >= MOST_RECORDS or self._size >= MOST_BYTES

    async def _news(self) -> None:
        self._written.clear()
        await self._written.wait()

    def _durable(self, _acceptance: Acceptance) -> None:
        self._write_what_is_due()
        self._written.set()

    def _write_soon(self) -> None:
        self._overdue = True
        self._write_what_is_due()

    def _write_what_is_due(self) -> None:
        if self._waiting and (self._overdue or self._is_enough) and self._arrivals.unacknowledged < AT_ONCE:
            self._write()

    def _write(self) -> None:
        if self._company is not None:
            self._company.cancel()
            self._company = None
        self._overdue = False
        pages, self._waiting = self._waiting, []
        self._records = self._size = 0
        unit = Unit(
            body=b"".join(line for page in pages for line in page.lines),
            received=datetime.now(UTC),
            meta=pages[0].meta,
            cursor=pages[-1].position.encode(),
        )
        self._arrivals.add(unit, self._durable)
