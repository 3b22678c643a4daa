"""Scenario 5: a write or a sync fails once, at the nth call. The journal stops, says so, and has lost nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.journal.disks import FailingDisk, mounted
from tests.crash.journal.load import SMALL, Promises, first_error, produce, register
from tundish.errors import JournalError
from tundish.journal import open_journal

pytestmark = pytest.mark.anyio


async def run_until_it_fails(folder: Path, disk: FailingDisk, promises: Promises) -> JournalError | None:
    """The error that the daemon is told, or None where the disk did not fail in time."""
    fatal: list[JournalError] = []
    with mounted(disk) as vfs:
        try:
            journal = await open_journal(folder, limits=SMALL, vfs=vfs, on_fatal=fatal.append)
        except JournalError as error:
            return error
        try:
            versions = await register(journal)
            await produce(journal, versions, disk.left, promises.tell, units=64)
        except (BaseExceptionGroup, JournalError) as raised:
            assert type(first_error(raised)) is JournalError  # noqa: PT017 - whether it is raised depends on n
            with pytest.raises(JournalError):
                await journal.flush()
        await journal.close()
    assert len(fatal) <= 1
    return fatal[0] if fatal else None


@pytest.mark.parametrize("kind", ["write", "sync"])
async def test_an_io_error_stops_the_journal_and_loses_nothing(scratch: Path, kind: str) -> None:
    stopped = 0
    for nth in range(1, 101):
        folder, promises = scratch / str(nth), Promises()
        disk = FailingDisk(nth, kind)
        error = await run_until_it_fails(folder, disk, promises)
        if error is not None:
            stopped += 1
            assert disk.failed
            assert "check the disk" in str(error)
        journal = await open_journal(folder, limits=SMALL)
        await promises.check(journal)
        await journal.close()
    assert stopped >= 50, "the load is too small to meet the failing call"
