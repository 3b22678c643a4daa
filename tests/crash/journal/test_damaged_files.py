"""Scenario 3: torn or corrupt database, log or mark. A loud stop, or everything as it was; never a wrong payload."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from pathlib import Path

import pytest

from tests.crash.journal.load import SMALL, Promises, dice_of, produce, register
from tundish.errors import JournalCorrupt, JournalError
from tundish.journal import open_journal

pytestmark = pytest.mark.anyio
ROUNDS = int(os.environ.get("TUNDISH_DAMAGES", "200"))
FILES = ("journal.db", "journal.db-wal", "journal.hwm")


async def crashed_journal(folder: Path, promises: Promises) -> Path:
    """The files of a journal whose process died: a log that was not put back, a mark that is up to date."""
    journal = await open_journal(folder / "alive", limits=SMALL)
    await produce(journal, await register(journal), 1, promises.tell, units=80)
    await journal.close()
    journal = await open_journal(folder / "alive", limits=SMALL)
    await produce(journal, await register(journal), 2, promises.tell, units=16)
    await asyncio.sleep(1.2)  # until the mark, which is written at most once a second, knows the last transaction
    shutil.copytree(folder / "alive", folder / "dead")
    await journal.close()
    return folder / "dead"


def damage(path: Path, dice: random.Random) -> str:
    """Tear, cut, flip, zero or swap a part of a file, as disks and hands do."""
    content = bytearray(path.read_bytes())
    what = dice.choice(("flip", "zero", "cut", "swap", "noise"))
    where = dice.randrange(len(content))
    sector = where // 512 * 512
    if what == "flip":
        content[where] ^= 1 << dice.randrange(8)
    elif what == "zero":
        content[sector : sector + 512] = bytes(len(content[sector : sector + 512]))
    elif what == "cut":
        del content[where:]
    elif what == "swap":
        other = dice.randrange(max(1, len(content) // 4096)) * 4096
        page = where // 4096 * 4096
        content[page : page + 4096], content[other : other + 4096] = (
            content[other : other + 4096],
            content[page : page + 4096],
        )
    else:
        content[sector : sector + 512] = dice.randbytes(len(content[sector : sector + 512]))
    path.write_bytes(content)
    return f"{what} at {where} of {path.name}"


async def outcome(folder: Path, promises: Promises) -> str:
    """`stopped` where the journal refused; else everything read from it was right."""
    try:
        journal = await open_journal(folder, limits=SMALL)
    except JournalError as error:
        assert str(folder) in str(error)  # noqa: PT017 - whether it is raised depends on the damage
        return "stopped"
    try:
        await promises.check(journal)
    except JournalCorrupt:
        return "stopped"
    except AssertionError as error:
        # Verification found it, or something is missing; but no payload that was read was wrong.
        assert "is not what was accepted" not in str(error)  # noqa: PT017 - see above
        print(error)
        return "noticed"
    finally:
        await journal.close()
    return "sound"


async def test_damage_is_noticed_and_no_payload_is_wrong(scratch: Path) -> None:
    promises = Promises()
    sound = await crashed_journal(scratch, promises)
    dice = dice_of(3)
    outcomes: dict[str, int] = {}
    for number in range(ROUNDS):
        folder = scratch / str(number)
        shutil.copytree(sound, folder)
        what = damage(folder / dice.choice(FILES), dice)
        result = await outcome(folder, promises)
        outcomes[result] = outcomes.get(result, 0) + 1
        print(what, result)
        shutil.rmtree(folder)
    assert outcomes["stopped"] > ROUNDS // 4, outcomes
