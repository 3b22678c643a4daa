"""Scenario 7: the wall clock jumps by hours and years. No storm, no freeze, and order stays that of acceptance."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.journal.load import ROUTES, SMALL, register
from tundish.journal import NewMessage, NewUnit, open_journal

pytestmark = pytest.mark.anyio
HOUR = 3_600_000
YEAR = 365 * 24 * HOUR
NOW = 1_700_000_000_000


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 25 * HOUR, -25 * HOUR, YEAR, -YEAR, 10 * YEAR, -10 * YEAR])
async def test_order_due_times_and_once_keys_survive_a_jump(scratch: Path, jump: int) -> None:
    now = [NOW]
    journal = await open_journal(scratch, limits=SMALL, clock=lambda: now[0])
    version = (await register(journal))[0]
    once = b"1" * 16

    async def accept(key: bytes) -> int:
        message = NewMessage("lane", key, b"{}", ("erp",), once=key)
        return (await journal.accept(NewUnit(version, 0, b"{}", b"", (message,)))).seqs[0]

    first = await accept(once)
    await journal.retry(first, "erp", NOW + 2000, "Transient", "503")
    for turn in range(4):
        now[0] += jump * (-1) ** turn
        assert await accept(once) == first
        assert await accept(bytes([turn]) * 16) == first + turn + 1
        await journal.purge(keep=24 * 3600)
    await journal.close()

    now[0] = NOW + jump
    journal = await open_journal(scratch, limits=SMALL, clock=lambda: now[0])
    deliveries = await journal.open_deliveries(ROUTES[0], after=0, limit=100)
    assert [d.seq for d in deliveries] == [1, 2, 3, 4, 5]
    assert all(d.next_at <= now[0] + int(SMALL.longest_wait * 1000) for d in deliveries)
    assert await accept(once) == first
    await journal.close()
