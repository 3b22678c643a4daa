"""What a look at a server tells: rights, clock and room. Only files of our own are made, moved and removed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from secrets import token_hex

from tundish.faults import Fault
from tundish_connectors._folders.names import TEMPORARY
from tundish_connectors.sftp.session import SftpSession

_SKEW = 120.0
"""Seconds by which the clocks may differ."""
_ROOM = 100 * 1024 * 1024
"""Bytes of free room below which a server will soon refuse files."""


async def check_folder(session: SftpSession, folder: str, *, moves_to: Sequence[str] = ()) -> list[Fault]:
    """The faults of one folder; `moves_to` are folders inside it that files are moved to. Raises ConnectionError."""
    name = f"{TEMPORARY}{token_hex(8)}.part"
    path = f"{folder}/{name}"
    try:
        async with session.opened(path, "wb") as file:
            await session.write(file, path, b"probe")
    except ConnectionError:
        raise
    except OSError as error:
        return [_may_not("create files", folder, error)]
    faults = []
    try:
        faults += await _clock(session, path)
        for other in moves_to:
            moved = f"{folder}/{other}/{name}"
            try:
                await session.rename(path, moved)
            except ConnectionError:
                raise
            except OSError as error:
                faults.append(_may_not(f"move files to '{other}'", folder, error))
            else:
                path = moved
    finally:
        try:
            await session.remove(path)
        except PermissionError as error:
            faults.append(_may_not("remove files", folder, error))
    return faults + await _room(session, folder)


def _may_not(what: str, folder: str, error: OSError) -> Fault:
    text = f"this user may not {what} in '{folder}': {error.strerror or error}"
    return Fault("folder", text, "give the user the right to write there")


async def _clock(session: SftpSession, path: str) -> list[Fault]:
    modified = (await session.attributes(path)).mtime
    skew = (modified or time.time()) - time.time()
    if abs(skew) <= _SKEW:
        return []
    word = "ahead of" if skew > 0 else "behind"
    return [Fault("", f"the server's clock is {abs(skew):.0f} s {word} ours", "let both follow the same time server")]


async def _room(session: SftpSession, folder: str) -> list[Fault]:
    room = await session.room(folder)
    if room is None or not room.blocks or room.bavail * room.frsize >= _ROOM:
        return []
    free = room.bavail * room.frsize // (1024 * 1024)
    return [Fault("folder", f"the file system of '{folder}' has {free} MiB left", "make room on the server")]
