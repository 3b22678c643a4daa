"""A directory that is held open, so that whatever happens to paths meanwhile, files stay inside it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Folder:
    """An open directory. All methods block and raise OSError; symbolic links below it are never followed."""

    def __init__(self, handle: int, path: Path) -> None:
        self.handle = handle
        self.path = path

    @classmethod
    def at(cls, path: Path) -> Folder:
        """The directory that a user named; this path may be a link."""
        return cls(os.open(path, _DIRECTORY), path)

    def inside(self, parts: Sequence[str], *, create: bool = False) -> Folder:
        """A directory below this one; with `create`, it is made durably where it is absent."""
        here = Folder(os.dup(self.handle), self.path)
        for part in parts:
            with here:
                here = here._step(part, create=create)
        return here

    def _step(self, part: str, *, create: bool) -> Folder:
        if create:
            try:
                os.mkdir(part, dir_fd=self.handle)
            except FileExistsError:
                pass
            else:
                os.fsync(self.handle)
        return Folder(os.open(part, _DIRECTORY | os.O_NOFOLLOW, dir_fd=self.handle), self.path / part)

    def is_still_there(self) -> bool:
        """Whether its path still leads to this very directory: a mount may be gone, or be back behind our handle."""
        try:
            now, then = self.path.stat(), os.fstat(self.handle)
        except FileNotFoundError:
            return False
        return (now.st_dev, now.st_ino) == (then.st_dev, then.st_ino)

    def open_file(self, name: str) -> int:
        """A handle for reading; a device or pipe that lies there does not block."""
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self.handle)

    def names(self) -> set[str]:
        """What lies in it."""
        with os.scandir(self.handle) as entries:
            return {entry.name for entry in entries}

    def move(self, name: str, to: Folder, new_name: str) -> None:
        """Rename into another directory of the same file system; a file that is there is replaced."""
        os.rename(name, new_name, src_dir_fd=self.handle, dst_dir_fd=to.handle)

    def remove(self, name: str, *, missing_ok: bool = False) -> None:
        """Delete a file."""
        try:
            os.unlink(name, dir_fd=self.handle)
        except FileNotFoundError:
            if not missing_ok:
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self.handle)
