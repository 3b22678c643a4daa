"""Scenario 1: `kill -9` of the process that owns the journal, at random moments: under load, in retention, in a backup.

Rounds by TUNDISH_CRASH_ROUNDS. Each round starts a process on the same journal, kills it, opens what is left and holds
it to everything that was told since the beginning.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import pytest

from tests.crash.forks import fork_server
from tests.crash.journal.load import SMALL, Promises, Tell, dice_of, produce, register
from tundish.journal import SqliteJournal, back_up, open_journal

pytestmark = pytest.mark.anyio
ROUNDS = int(os.environ.get("TUNDISH_CRASH_ROUNDS", "60"))
KILLS = 10
"""How often one journal is killed."""
LONGEST_OPENING = 5.0


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


def killed(context: ForkServerContext, folder: Path, seed: int, after: float) -> list[tuple[str, int, str]]:
    """What a process told before it was killed, `after` seconds from when it began to open the journal."""
    ours, theirs = context.Pipe(duplex=False)
    process: ForkServerProcess = context.Process(target=live, args=(folder, seed, theirs), daemon=True)
    process.start()
    theirs.close()
    told = bytearray()
    end = time.monotonic() + after
    with suppress(EOFError):
        while (left := end - time.monotonic()) > 0:
            if ours.poll(left):
                told += os.read(ours.fileno(), 1 << 20)
    process.kill()
    while chunk := os.read(ours.fileno(), 1 << 20):
        told += chunk
    process.join()
    ours.close()
    whole, _, _ = bytes(told).rpartition(b"\n")
    return [tuple(json.loads(line)) for line in whole.splitlines()]


@pytest.mark.parametrize("life", range(max(1, ROUNDS // KILLS)))
async def test_nothing_promised_is_lost_when_the_process_is_killed(tmp_path: Path, life: int) -> None:
    context = fork_server()
    folder, promises, dice, accepted = tmp_path / "journal", Promises(), dice_of(life), 0
    for number in range(KILLS):
        for fact in killed(context, folder, number, dice.uniform(0.02, 0.35)):
            promises.tell(fact)
            accepted += fact[0] == "accepted"
        begin = time.monotonic()
        journal = await open_journal(folder, limits=SMALL)
        assert time.monotonic() - begin < LONGEST_OPENING
        await promises.check(journal, purged=True)
        await journal.close()
    assert accepted > 10 * KILLS, "the load is too small to be in the middle of anything"
