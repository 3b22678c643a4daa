"""Scenario 2: the power fails at any moment. Unsynced sectors are kept or lost at random; nothing promised is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.crash.journal.disks import Image, RecordingDisk, Synced, Told, mounted
from tests.crash.journal.load import SMALL, Promises, dice_of, produce, register
from tundish.errors import JournalError
from tundish.journal import open_journal

pytestmark = pytest.mark.anyio
IMAGES = int(os.environ.get("TUNDISH_POWER_CUTS", "500"))
SEEDS = 5


async def record(folder: Path, seed: int) -> RecordingDisk:
    """Everything that the real writer did to its disk under load, and what it promised in between."""
    disk = RecordingDisk()
    with mounted(disk) as vfs:
        journal = await open_journal(folder, limits=SMALL, vfs=vfs)

        def tell(fact: tuple[str, int, str]) -> None:
            disk.events.append(Told(fact, (folder / "journal.hwm").read_bytes()))

        disk.events.append(Told(("begun", 0, ""), (folder / "journal.hwm").read_bytes()))
        await produce(journal, await register(journal), seed, tell, units=120)
        await journal.close()
    return disk


async def cut_and_check(disk: RecordingDisk, folder: Path, seed: int, images: int) -> None:
    """Cut the power at random moments, open what is left, and hold the journal to what it had told by then."""
    dice = dice_of(seed)
    first = next(i for i, event in enumerate(disk.events) if isinstance(event, Told))
    image, promises, mark, done = Image(), Promises(), b"", 0
    for number, cut in enumerate(sorted(dice.randrange(first + 1, len(disk.events) + 1) for _ in range(images))):
        for event in disk.events[done:cut]:
            if isinstance(event, Told):
                promises.tell(event.fact)
                mark = event.mark
            else:
                image.happens(event)
        done = cut
        share = dice.choice((0, 0.1, 0.5, 0.9, 1))
        left = folder / str(number)
        left.mkdir()
        for name, content in image.after_a_cut(dice, share).items():
            (left / name).write_bytes(content)
        (left / "journal.hwm").write_bytes(mark)
        journal = await open_journal(left, limits=SMALL)
        await promises.check(journal)
        await journal.close()


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_nothing_promised_is_lost_in_a_power_cut(scratch: Path, seed: int) -> None:
    disk = await record(scratch / "recorded", seed)
    await cut_and_check(disk, scratch, seed, IMAGES // SEEDS)


async def test_the_simulation_sees_a_disk_that_lies_about_its_sync(scratch: Path) -> None:
    disk = await record(scratch / "recorded", 9)
    disk.events = [event for event in disk.events if not isinstance(event, Synced)]
    with pytest.raises((AssertionError, JournalError)):
        await cut_and_check(disk, scratch, 9, 20)
