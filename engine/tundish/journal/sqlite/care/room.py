"""Whether there is room to accept: the quota, the free space of the disk, and the ballast for when it is used up."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import apsw

from tundish.journal.sqlite.limits import MEBIBYTE, Limits
from tundish.journal.sqlite.schema import PAGE

BALLAST = "journal.ballast"
LOOK_EVERY = 0.05
"""Seconds between two looks at the disk; what fills it meanwhile is met by the ballast."""


class Room:
    """Watched by the writer, once per transaction."""

    def __init__(self, folder: Path, connection: apsw.Connection, limits: Limits) -> None:
        self._folder = folder
        self._connection = connection
        self._limits = limits
        self._ballast = folder / BALLAST
        self._pages = max(limits.quota // PAGE, 64)
        self._looked_at = 0.0
        self._full = ""
        connection.execute(f"PRAGMA max_page_count={self._pages}").fetchall()
        self.restore()

    def refusal(self) -> str:
        """Why nothing can be accepted now, or an empty text."""
        used, most = self._connection.execute("PRAGMA page_count").get, self._pages - self._pages // 10
        if used > most:
            used -= self._connection.execute("PRAGMA freelist_count").get
        if used > most:
            return (
                f"{self._folder}: the journal uses {used * PAGE // MEBIBYTE} MiB of its quota of "
                f"{self._limits.quota // MEBIBYTE} MiB; close dead letters, shorten the retention or raise the quota"
            )
        if self._full or time.monotonic() - self._looked_at >= LOOK_EVERY:
            self._full = self._look()
            self._looked_at = time.monotonic()
        return self._full

    def _look(self) -> str:
        if not self._ballast.exists() and self._limits.ballast and not self.restore():
            return self.disk_full
        return self.disk_full if self._free() < self._limits.min_free else ""

    @property
    def disk_full(self) -> str:
        """The text of a refusal for want of disk space."""
        return (
            f"{self._folder}: the disk has {self._free() // MEBIBYTE} MiB free; make room, accepting goes on by itself "
            f"above {(self._limits.min_free + self._limits.ballast) // MEBIBYTE} MiB"
        )

    def give_up_ballast(self) -> bool:
        """Free the ballast so that deliveries can be closed; False where it was gone already."""
        try:
            self._ballast.unlink()
        except FileNotFoundError:
            return False
        self._looked_at = 0.0
        return True

    def restore(self) -> bool:
        """Put the ballast back where there is room for it; whether it is there."""
        size = self._limits.ballast
        if self._ballast.exists() and self._ballast.stat().st_size == size:
            return True
        if self._free() < size + self._limits.min_free:
            return False
        descriptor = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, 0)
            if size:
                os.posix_fallocate(descriptor, 0, size)
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                self._ballast.unlink()
            return False
        finally:
            os.close(descriptor)
        return True

    def _free(self) -> int:
        disk = os.statvfs(self._folder)
        return disk.f_bavail * disk.f_frsize
