"""One process owns a journal: an advisory lock on a file beside it, released by the kernel when the process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from tundish.errors import JournalLocked

LOCK = "journal.lock"


class Ownership:
    """The lock, from construction to `release`. Raises JournalLocked where another process has it."""

    def __init__(self, folder: Path) -> None:
        path = folder / LOCK
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._descriptor)
            raise JournalLocked(
                f"{folder}: process {owner} owns this journal; stop it, or name another data folder"
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give it up; calling it twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
