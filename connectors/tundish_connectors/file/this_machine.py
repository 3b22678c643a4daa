"""Folders of this machine, as the claim logic wants them. Everything blocks in spite of its `async`: the source lets
whole steps run in its thread, so that a step costs one change of threads and not one for each operation."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Mapping, Sequence

from tundish.errors import NotConnected
from tundish_connectors._folders.contract import Content, Stamp
from tundish_connectors.file.folder import Folder

_CHUNK = 1024 * 1024
_OVERWRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class LocalFolder:
    """An open directory; implements `contract.Folder`."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    async def look(self, wanted: Callable[[str], bool]) -> Mapping[str, Stamp | None]:
        """Raises NotConnected where the path leads to another directory now."""
        if not self._folder.is_still_there():
            raise NotConnected(f"{self._folder.path} is not the folder any more that was opened")
        return {name: self._stamp(name) if wanted(name) else None for name in self._folder.names()}

    async def has(self, name: str) -> bool:
        """Links count, wherever they lead."""
        try:
            os.stat(name, dir_fd=self._folder.handle, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    async def move(self, name: str, to: LocalFolder, new_name: str) -> None:
        """One step of the file system."""
        self._folder.move(name, to._folder, new_name)

    async def remove(self, name: str) -> None:
        """Gone is gone."""
        self._folder.remove(name, missing_ok=True)

    async def write(self, name: str, content: bytes) -> None:
        """Not through a link."""
        handle = os.open(name, _OVERWRITE, 0o666, dir_fd=self._folder.handle)
        with os.fdopen(handle, "wb") as file:
            file.write(content)

    async def read(self, name: str, *, stream_above: int, largest: int) -> Content:
        """A large file is read once for its digest, and then again where it lies."""
        with os.fdopen(self._folder.open_file(name), "rb", buffering=0) as file:
            handle = file.fileno()
            before = _stamp_of(os.fstat(handle))
            body = b""
            digest = ""
            if before.size <= stream_above:
                body = file.readall()
                digest = hashlib.sha256(body).hexdigest()
            elif before.size <= largest:
                digest = _digest(handle)
            after = _stamp_of(os.fstat(handle))
        large = stream_above < before.size <= largest
        return Content(before, after, digest, self._folder.path / name if large else body)

    async def done_with(self, content: Content) -> None:
        """It lies in `work` anyway."""

    async def inside(self, parts: Sequence[str]) -> LocalFolder:
        """Made durably, and never through a link."""
        return LocalFolder(self._folder.inside(parts, create=True))

    async def close(self) -> None:
        """Give the handle back."""
        self._folder.__exit__(None, None, None)

    def _stamp(self, name: str) -> Stamp | None:
        """None where it is gone already, or is no regular file."""
        try:
            status = os.stat(name, dir_fd=self._folder.handle, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return _stamp_of(status) if stat.S_ISREG(status.st_mode) else None


def _stamp_of(status: os.stat_result) -> Stamp:
    return Stamp(status.st_mtime_ns, status.st_size, status.st_ino)


def _digest(handle: int) -> str:
    digest = hashlib.sha256()
    while chunk := os.read(handle, _CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
