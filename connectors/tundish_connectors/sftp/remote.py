"""A folder of the server, as the claim logic wants it."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import itertools
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from asyncssh import FILEXFER_TYPE_REGULAR
from asyncssh.sftp import SFTPAttrs, SFTPClientFile

from tundish_connectors._folders.contract import Content, Stamp
from tundish_connectors.sftp.session import SftpSession

_SPARE = 64 * 1024 * 1024
"""Bytes of the daemon's disk that a large file leaves free."""
_NUMBERS = itertools.count()


class RemoteFolder:
    """Implements `contract.Folder`. Large files are brought to `arriving`, a folder of this machine."""

    def __init__(self, session: SftpSession, path: str, arriving: Path) -> None:
        self._session = session
        self._arriving = arriving
        self.path = path

    def _at(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path != "/" else f"/{name}"

    async def look(self, wanted: Callable[[str], bool]) -> Mapping[str, Stamp | None]:
        """One listing; links and folders are no regular files."""
        return {
            str(entry.filename): _stamp_of(entry.attrs) if wanted(str(entry.filename)) else None
            for entry in await self._session.entries(self.path)
        }

    async def has(self, name: str) -> bool:
        """Links count, wherever they lead."""
        return await self._session.has(self._at(name))

    async def move(self, name: str, to: RemoteFolder, new_name: str) -> None:
        """The plain rename, which servers refuse where the new name is taken."""
        await self._session.rename(self._at(name), to._at(new_name))

    async def remove(self, name: str) -> None:
        """Gone is gone."""
        await self._session.remove(self._at(name))

    async def write(self, name: str, content: bytes) -> None:
        """Over whatever was there."""
        async with self._session.opened(self._at(name), "wb") as file:
            await self._session.write(file, self._at(name), content)

    async def read(self, name: str, *, stream_above: int, largest: int) -> Content:
        """Small files come into memory, large ones to `arriving`."""
        path, session = self._at(name), self._session
        async with session.opened(path, "rb") as file:
            before = _stamp(await session.attributes_of(file, path))
            body: bytes | Path = b""
            digest = ""
            if before.size <= min(stream_above, largest):
                body = await session.read(file, path, 0, before.size) if before.size else b""
                digest = hashlib.sha256(body).hexdigest()
            elif before.size <= largest:
                body, digest = await self._bring(file, path, before.size)
            after = _stamp(await session.attributes_of(file, path))
        arrived = body.stat().st_size if isinstance(body, Path) else len(body)
        if before.size <= largest and arrived != before.size:
            # It ended early, so it is being written to, whatever its time says.
            after = Stamp(after.modified, arrived, after.inode)
        return Content(before, after, digest, body)

    async def _bring(self, file: SFTPClientFile, path: str, size: int) -> tuple[Path, str]:
        free = (await asyncio.to_thread(shutil.disk_usage, self._arriving)).free
        if free < size + _SPARE:
            text = f"{size} bytes have no room in the daemon's data folder, where {free} are free"
            raise OSError(errno.ENOSPC, text, path)
        here = self._arriving / f"{next(_NUMBERS)}.part"
        digest = hashlib.sha256()
        try:
            with here.open("wb") as target:

                def take(piece: bytes) -> None:
                    digest.update(piece)
                    target.write(piece)

                offset = 0
                while piece := await self._session.read(file, path, offset, self._session.piece):
                    offset += len(piece)
                    await asyncio.to_thread(take, piece)
        except BaseException:
            here.unlink(missing_ok=True)
            raise
        return here, digest.hexdigest()

    async def done_with(self, content: Content) -> None:
        """What was brought here is not needed any more."""
        if isinstance(content.body, Path):
            await asyncio.to_thread(content.body.unlink, missing_ok=True)

    async def inside(self, parts: Sequence[str]) -> RemoteFolder:
        """Folder by folder, because servers make one at a time."""
        here = self
        for part in parts:
            here = RemoteFolder(self._session, here._at(part), self._arriving)
            await self._session.make_folder(here.path)
        return here

    async def close(self) -> None:
        """It holds nothing."""


def _stamp_of(attrs: SFTPAttrs) -> Stamp | None:
    """None for what is no regular file."""
    return _stamp(attrs) if attrs.type == FILEXFER_TYPE_REGULAR else None


def _stamp(attrs: SFTPAttrs) -> Stamp:
    # A server that keeps times or sizes to itself leaves less to compare; the size of what is read is checked anyway.
    return Stamp((attrs.mtime or 0) * 1_000_000_000 + (attrs.mtime_ns or 0), attrs.size or 0, 0)


def empty(folder: Path) -> None:
    """An empty folder of this machine: what a crash left there is brought again. Blocks."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - symmetrical with the line above
