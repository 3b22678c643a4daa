"""`journal.hwm`: how far the journal ever got, kept apart from the database.

A database that is older than this mark (a restored disk image, a lost write-ahead log, a swapped file) would give out
the same numbers again, forget what was acknowledged and deliver again what was done. The mark trails the database by a
second at most.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from tundish.errors import JournalLost

FILE = "journal.hwm"
_WORD = "tundish-journal"


@dataclass(frozen=True, slots=True)
class Mark:
    """What the file says."""

    identity: str
    """Random name of the journal, also in its table `meta`."""
    seq: int
    """The highest sequence number that was given out."""
    commits: int
    """How many transactions there were."""

    def line(self) -> bytes:
        """The content of the file: word, identity, numbers and CRC-32, in one line."""
        text = f"{_WORD} {self.identity} {self.seq} {self.commits}"
        return f"{text} {crc32(text.encode()):08x}\n".encode()


def read_mark(folder: Path) -> Mark | None:
    """The mark, or None where there is no file. Raises JournalLost where it cannot be read as one."""
    path = folder / FILE
    try:
        line = path.read_bytes()
    except FileNotFoundError:
        return None
    words = line.decode("ascii", errors="replace").split()
    if len(words) == 5 and words[2].isdecimal() and words[3].isdecimal():
        mark = Mark(words[1], int(words[2]), int(words[3]))
        if mark.line() == line:
            return mark
    raise JournalLost(
        f"{path}: not readable as a high-water mark, so nobody can tell whether messages were lost; check the disk, "
        "restore the file, or start with --accept-loss"
    )


def write_mark(folder: Path, mark: Mark) -> None:
    """Replace the file so that a power cut leaves the old one or the new one. Raises OSError."""
    path, draft = folder / FILE, folder / f"{FILE}.new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, mark.line())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
