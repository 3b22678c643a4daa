"""What a message costs on disk."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.unit.journal.making import journal_in, message, route, unit

pytestmark = pytest.mark.anyio


async def test_a_message_of_1300_bytes_takes_less_than_3_kb(tmp_path: Path) -> None:
    count = 2000
    async with journal_in(tmp_path) as journal:
        version = await route(journal)

        async def cycle(i: int) -> None:
            text = message(str(i), once=str(i), find=(("work_order", f"WO-{i:07}"), ("item", f"FG-{i:05}")))
            accepted = await journal.accept(unit(version, text, body=bytes(1300)))
            await journal.done(accepted.seqs[0], "erp", "delivered", remote_id=f"DOC-{i:08}", detail="201 Created")

        async with asyncio.TaskGroup() as group:
            for i in range(count):
                group.create_task(cycle(i))
    assert (tmp_path / "journal.db").stat().st_size / count < 3000
    assert not (tmp_path / "journal.db-wal").exists()
