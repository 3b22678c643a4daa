"""Disks that tests break: SQLite VFSs that record, fail or fill up, below the real journal."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import apsw

_NUMBERS = itertools.count()
Name = str | apsw.URIFilename | None


class _File(apsw.VFSFile):
    """Tells the disk about everything that changes a file."""

    def __init__(self, disk: Disk, name: Name, flags: list[int]) -> None:
        self._disk = disk
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else name or "temporary").name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        self._disk.on_write(self._name, offset, data)
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802 - SQLite's name
        self._disk.on_truncate(self._name, size)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        self._disk.on_sync(self._name)
        super().xSync(flags)


class Disk(apsw.VFS):
    """A disk that works; subclasses raise in `on_…`, before the real disk is touched."""

    def __init__(self) -> None:
        self.name = f"disk{next(_NUMBERS)}"
        super().__init__(self.name, "")

    def xOpen(self, name: Name, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        return _File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        self.on_delete(Path(filename).name)
        super().xDelete(filename, syncdir)

    def on_write(self, file: str, offset: int, data: bytes) -> None: ...
    def on_truncate(self, file: str, size: int) -> None: ...
    def on_sync(self, file: str) -> None: ...
    def on_delete(self, file: str) -> None: ...


@contextmanager
def mounted(disk: Disk) -> Iterator[str]:
    """The name by which `open_journal(vfs=…)` finds the disk."""
    try:
        yield disk.name
    finally:
        disk.unregister()


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes that reached the disk's cache."""

    file: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncated:
    """A file that was cut."""

    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """From here on, what was written to the file before survives a power cut."""

    file: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A file that is gone."""

    file: str


@dataclass(frozen=True, slots=True)
class Told:
    """The journal answered: from here on this must be true for ever."""

    fact: tuple[str, int, str]
    mark: bytes
    """`journal.hwm` as it was then."""


Event = Written | Truncated | Synced | Deleted | Told


class RecordingDisk(Disk):
    """Keeps everything in order, together with what the journal promised in between."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []

    def on_write(self, file: str, offset: int, data: bytes) -> None:
        self.events.append(Written(file, offset, bytes(data)))

    def on_truncate(self, file: str, size: int) -> None:
        self.events.append(Truncated(file, size))

    def on_sync(self, file: str) -> None:
        self.events.append(Synced(file))

    def on_delete(self, file: str) -> None:
        self.events.append(Deleted(file))


class FailingDisk(Disk):
    """Raises once, at the nth write or sync."""

    def __init__(self, nth: int, kind: str) -> None:
        super().__init__()
        self.left = nth
        self.kind = kind
        self.failed = False

    def on_write(self, file: str, offset: int, data: bytes) -> None:
        self._count("write", apsw.SQLITE_IOERR_WRITE)

    def on_sync(self, file: str) -> None:
        self._count("sync", apsw.SQLITE_IOERR_FSYNC)

    def _count(self, kind: str, code: int) -> None:
        if kind == self.kind:
            self.left -= 1
            if self.left == 0:
                self.failed = True
                raise apsw.exception_for(code)


class FullDisk(Disk):
    """Has no room while `full` is set; what is freed does not help."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False

    def on_write(self, file: str, offset: int, data: bytes) -> None:
        if self.full:
            raise apsw.FullError("the disk is full")


@dataclass(slots=True)
class Image:
    """Files as a power cut leaves them."""

    durable: dict[str, bytearray] = field(default_factory=dict)
    pending: dict[str, list[Written | Truncated]] = field(default_factory=dict)

    def happens(self, event: Event) -> None:
        """Follow what the disk was told."""
        if isinstance(event, (Written, Truncated)):
            self.pending.setdefault(event.file, []).append(event)
        elif isinstance(event, Synced):
            file = self.durable.setdefault(event.file, bytearray())
            for change in self.pending.pop(event.file, []):
                apply(file, change)
        elif isinstance(event, Deleted):
            self.durable.pop(event.file, None)
            self.pending.pop(event.file, None)

    def after_a_cut(self, dice: random.Random, share: float) -> dict[str, bytearray]:
        """Each unsynced sector of 512 bytes is there or not; this share of them is."""
        files = {name: bytearray(content) for name, content in self.durable.items()}
        for name, changes in self.pending.items():
            file = files.setdefault(name, bytearray())
            for change in changes:
                if isinstance(change, Truncated):
                    if dice.random() < share:
                        apply(file, change)
                    continue
                for begin in range(0, len(change.data), 512):
                    if dice.random() < share:
                        apply(file, Written(name, change.offset + begin, change.data[begin : begin + 512]))
        return files


def apply(file: bytearray, change: Written | Truncated) -> None:
    """Change the bytes of a file as a disk does."""
    if isinstance(change, Truncated):
        del file[change.size :]
        return
    if len(file) < change.offset:
        file.extend(bytes(change.offset - len(file)))
    file[change.offset : change.offset + len(change.data)] = change.data
