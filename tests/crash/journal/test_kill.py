"""Scenario 1: `kill -9` of the process that owns the journal, at random moments: under load, in retention, in a backup.

Rounds by TUNDISH_CRASH_ROUNDS. Each round starts a process on the same journal, kills it, opens what is left and holds
it to everything that was told since the beginning.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import pytest

from tests.crash.forks import fork_server
from tests.crash.journal.life import live
from tests.crash.journal.load import SMALL, Promises, dice_of
from tundish.journal import open_journal

pytestmark = pytest.mark.anyio
ROUNDS = int(os.environ.get("TUNDISH_CRASH_ROUNDS", "60"))
KILLS = 10
"""How often one journal is killed."""
LONGEST_OPENING = 5.0


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
