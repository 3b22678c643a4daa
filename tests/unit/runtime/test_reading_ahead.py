"""Messages that are read before their turn stay in memory within their bound, whoever asked for them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.unit.journal.making import journal_in, message, route, unit
from tundish.runtime.delivering.messages import Messages

pytestmark = pytest.mark.anyio


async def test_two_destinations_that_read_the_same_count_it_once(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        for _ in range(20):
            await journal.accept(unit(version, message("a"), body=b"x" * 1000))
        ahead = Messages(journal, most_ahead=20_000)
        for _ in range(5):
            async with asyncio.TaskGroup() as group:
                for _ in range(3):
                    group.create_task(ahead.read_ahead(range(1, 21)))
            assert 0 < ahead._ahead_bytes <= 20_000
            for seq in tuple(ahead._ahead):
                assert (await ahead._stored(seq)).seq == seq
            assert ahead._ahead_bytes == 0
