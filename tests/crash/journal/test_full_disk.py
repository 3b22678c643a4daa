"""Scenario 4: the disk is full. Nothing is acknowledged, nothing is lost, and it resumes by itself."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.journal.disks import FullDisk, mounted
from tests.crash.journal.load import SMALL, Promises, first_error, produce, register
from tundish.errors import JournalError, JournalFull
from tundish.journal import Limits, NewMessage, NewUnit, SqliteJournal, open_journal

pytestmark = pytest.mark.anyio
MEBIBYTE = 1024 * 1024


async def fill(journal: SqliteJournal, versions: list[int], promises: Promises, seed: int, units: int) -> bool:
    """Whether the journal said that it was full."""
    try:
        await produce(journal, versions, seed, promises.tell, units=units)
    except BaseExceptionGroup as group:
        assert isinstance(first_error(group), JournalFull)  # noqa: PT017 - whether it is raised is the answer
        return True
    return False


async def test_units_are_refused_and_deliveries_wait_until_there_is_room(tmp_path: Path) -> None:
    promises, disk = Promises(), FullDisk()
    with mounted(disk) as vfs:
        journal = await open_journal(tmp_path, limits=SMALL, vfs=vfs)
        versions = await register(journal)
        assert not await fill(journal, versions, promises, 1, 40)
        waiting = (await journal.open_deliveries("orders", after=0, limit=1))[0]
        disk.full = True
        closing = journal.done(waiting.seq, waiting.destination, "delivered")
        assert await fill(journal, versions, promises, 2, 8)
        assert not closing.done()
        disk.full = False
        async with asyncio.timeout(5):
            await closing
        promises.tell(("done", waiting.seq, waiting.destination))
        assert not await fill(journal, versions, promises, 3, 40)
        await promises.check(journal)
        await journal.close()


async def test_what_was_refused_is_not_overtaken_by_what_came_before_anyone_knew(tmp_path: Path) -> None:
    disk = FullDisk()
    with mounted(disk) as vfs:
        journal = await open_journal(tmp_path, limits=SMALL, vfs=vfs)
        (version, *_) = await register(journal)

        def unit(text: bytes) -> NewUnit:
            return NewUnit(version, 0, b"{}", b"", (NewMessage("k", bytes(16), text, ("erp",)),))

        disk.full = True
        first = journal.accept(unit(b"1"))
        for _ in range(2):  # a turn that brings nothing more is the sign to write
            await asyncio.sleep(0)
        time.sleep(0.3)  # noqa: ASYNC251 - the loop must not hear that the first was refused
        disk.full = False
        second = journal.accept(unit(b"2"))
        for refused in (first, second):
            with pytest.raises(JournalFull):
                await refused
        assert [(await journal.accept(unit(text))).seqs for text in (b"1", b"2")] == [(1,), (2,)]
        await journal.close()


async def test_a_closing_daemon_does_not_wait_for_room(tmp_path: Path) -> None:
    promises, disk = Promises(), FullDisk()
    with mounted(disk) as vfs:
        journal = await open_journal(tmp_path, limits=SMALL, vfs=vfs)
        versions = await register(journal)
        await fill(journal, versions, promises, 1, 40)
        waiting = (await journal.open_deliveries("orders", after=0, limit=1))[0]
        disk.full = True
        closing = journal.done(waiting.seq, waiting.destination, "delivered")
        assert await fill(journal, versions, promises, 2, 8)
        async with asyncio.timeout(5):
            await journal.close()
        with pytest.raises(JournalError, match="closed while the disk was full, so this was not written"):
            await closing
    journal = await open_journal(tmp_path, limits=SMALL)
    await promises.check(journal)
    await journal.close()


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """A file system of its own in `folder`; needs the right to mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tundish-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here: run as root in a container that may mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_small_disk_fills_up_and_is_used_again(tmp_path: Path) -> None:
    limits = Limits(ballast=2 * MEBIBYTE, min_free=0, log=MEBIBYTE // 4)
    with small_disk(tmp_path / "disk", 20 * MEBIBYTE):
        promises = Promises()
        journal = await open_journal(tmp_path / "disk" / "journal", limits=limits)
        versions = await register(journal)
        for turn in range(5):
            filler = tmp_path / "disk" / "filler"
            with filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(1, shutil.disk_usage(tmp_path / "disk").free - 300_000))
            assert await fill(journal, versions, promises, turn, 2000), "the disk did not fill up"
            filler.unlink()
            await promises.check(journal)
            assert not await fill(journal, versions, promises, 100 + turn, 40), "accepting did not go on by itself"
        await promises.check(journal)
        await journal.close()


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of this process may grow beyond this, as under a quota."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


async def test_a_file_size_limit_refuses_and_goes_on_when_it_is_lifted(tmp_path: Path) -> None:
    promises = Promises()
    journal = await open_journal(tmp_path, limits=Limits(ballast=0, min_free=0))
    versions = await register(journal)
    with file_size_limit(2 * MEBIBYTE):
        assert await fill(journal, versions, promises, 1, 4000)
    await journal.flush()  # by now everyone has heard of the refusal
    assert not await fill(journal, versions, promises, 2, 40)
    await promises.check(journal)
    await journal.close()
