"""What the journal says, while a daemon works on it or after one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tundish.journal import RouteTotals, open_reader


def totals_of(data: Path) -> RouteTotals:
    """The ledger of the only route."""
    with open_reader(data) as journal:
        (totals,) = journal.totals()
        return totals


async def drained(data: Path, within: float = 30.0) -> RouteTotals:
    """The ledger, once nothing is open any more."""
    async with asyncio.timeout(within):
        while (totals := totals_of(data)).open:  # noqa: ASYNC110 - the ledger announces nothing
            await asyncio.sleep(0.05)
        return totals
