"""One life of a process that owns a journal."""

from __future__ import annotations

import asyncio
import json
import os
from multiprocessing.connection import Connection
from pathlib import Path

from tests.crash.journal.load import SMALL, Tell, produce, register
from tundish.journal import SqliteJournal, back_up, open_journal


def live(folder: Path, seed: int, pipe: Connection) -> None:
    """The process that will be killed."""

    def tell(fact: tuple[str, int, str]) -> None:
        os.write(pipe.fileno(), json.dumps(fact).encode() + b"\n")

    asyncio.run(_live(folder, seed, tell))


async def _live(folder: Path, seed: int, tell: Tell) -> None:
    journal = await open_journal(folder, limits=SMALL)
    tell(("opened", 0, ""))
    versions = await register(journal)
    async with asyncio.TaskGroup() as group:
        group.create_task(_housekeeping(journal, folder, seed))
        group.create_task(produce(journal, versions, seed, tell, units=1_000_000))


async def _housekeeping(journal: SqliteJournal, folder: Path, seed: int) -> None:
    """Retention and backups all the time, so that many are under way when the end comes."""
    number = 0
    while True:
        await journal.purge(keep=0.02)
        number += 1
        await asyncio.to_thread(back_up, folder, folder.parent / f"backup-{seed}-{number}.db")
