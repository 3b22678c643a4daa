"""Writes each message to a file of the server."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import itertools
from collections.abc import Mapping, Sequence

from tundish.errors import AuthFailed, DeliveryError, Duplicate, Misconfigured, NotConnected, Rejected, Transient
from tundish.faults import Fault
from tundish.model import Outgoing, Receipt, Value
from tundish.sdk import Context, Destination
from tundish_connectors._folders.names import TEMPORARY, safe_parts
from tundish_connectors.sftp.checks import check_folder
from tundish_connectors.sftp.connection import SftpConnection
from tundish_connectors.sftp.session import SftpSession
from tundish_connectors.sftp.settings import SftpDestinationSettings

_AT_ONCE = 32
"""Files that are open at the same time; servers limit the handles of a session."""


class SftpDestination(Destination[SftpDestinationSettings, SftpConnection]):
    """A delivery is done when the file has its name, and the size that it should have."""

    def __init__(self, settings: SftpDestinationSettings, connection: SftpConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        owner = hashlib.sha256(context.name.encode()).hexdigest()[:12]
        self._prefix = f"{TEMPORARY}{owner}-"
        self._numbers = itertools.count()
        self._session: SftpSession | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._folders: set[str] = set()

    async def open(self) -> None:
        """Log in, and remove what a crash left unfinished.

        Raises NotConnected, AuthFailed, Misconfigured or MissingSecret.
        """
        await self.close()
        self._session = session = await self.connection.session()
        self._slots, self._folders = asyncio.Semaphore(_AT_ONCE), set()
        folder, server = self.settings.folder, self.connection.server
        try:
            for entry in await session.entries(folder):
                if str(entry.filename).startswith(self._prefix):
                    await session.remove(f"{folder}/{entry.filename!s}")
        except FileNotFoundError as error:
            text = f"there is no folder '{folder}' on {server}"
            raise Misconfigured(text, "make it there, or write 'folder' as the server shows it after login") from error
        except PermissionError as error:
            user = self.connection.settings.username
            raise AuthFailed(f"{server} refuses access to '{folder}'; give '{user}' the right to use it") from error
        except OSError as error:
            raise NotConnected(f"'{folder}' of {server} cannot be used: {error.strerror or error}") from error
        self.context.start(session.over(server), name="watch")

    async def close(self) -> None:
        """Log out. What was not finished is written again later."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def check(self) -> Sequence[Fault]:
        """Try the rights with a file of our own, and look at clock and room."""
        if self._session is None:
            return ()
        try:
            return await check_folder(self._session, self.settings.folder)
        except OSError as error:
            raise NotConnected(f"{self.connection.server} is gone: {error.strerror or error}") from error

    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """`name`. Raises Invalid where the name is not safe."""
        name = self.settings.name.render(message.scope)
        safe_parts(name)
        return {"name": name}

    async def deliver(self, message: Outgoing) -> Receipt:
        """Write the file. Raises Invalid, Rejected, Duplicate, AuthFailed or Transient.

        A connection that breaks is Transient, not Unknown: a repeat finds the file with the same content.
        """
        name = self.settings.name.render(message.scope)
        parts = safe_parts(name)
        async with self._slots:
            session = self._session
            if session is None:
                raise Transient("the server is not connected")
            try:
                await self._write(session, parts, name, message.body)
            except OSError as error:
                raise _as_delivery_error(error, name) from error
        return Receipt(remote_id=name, facts={"name": name})

    async def _write(self, session: SftpSession, parts: tuple[str, ...], name: str, body: bytes) -> None:
        folder = await self._folder(session, parts[:-1])
        final = f"{folder}/{parts[-1]}"
        there = await self._size(session, final)
        if there == len(body) and await self._has(session, final, body):
            raise Duplicate(f"'{name}' is there with the same content")
        if there is not None and self.settings.if_exists == "fail":
            raise Rejected(f"another file '{name}' is there; set 'if_exists: replace', or make the name unique")
        temporary = f"{self.settings.folder}/{self._prefix}{next(self._numbers)}.part"
        try:
            await self._stage(session, temporary, name, body)
            if self.settings.if_exists == "replace":
                await session.replace(temporary, final)
            else:
                await session.rename(temporary, final)
        except OSError as error:
            if not isinstance(error, ConnectionError):
                with contextlib.suppress(OSError):
                    await session.remove(temporary)
            raise

    async def _stage(self, session: SftpSession, temporary: str, name: str, body: bytes) -> None:
        """Write under a temporary name, and look what became of it."""
        async with session.opened(temporary, "xb") as file:
            await session.write(file, temporary, body)
            if self.settings.sync:
                await session.sync(file, temporary)
            size = (await session.attributes_of(file, temporary)).size
        if size is not None and size != len(body):
            raise OSError(errno.EIO, f"it has {size} bytes on the server instead of {len(body)}", name)

    async def _folder(self, session: SftpSession, parts: tuple[str, ...]) -> str:
        path = self.settings.folder
        for part in parts:
            path = f"{path}/{part}"
            if path not in self._folders:
                await session.make_folder(path)
                self._folders.add(path)
        return path

    async def _size(self, session: SftpSession, path: str) -> int | None:
        """None where nothing has this name; -1 where the server does not tell."""
        try:
            size = (await session.attributes(path)).size
        except FileNotFoundError:
            return None
        return -1 if size is None else size

    async def _has(self, session: SftpSession, path: str, body: bytes) -> bool:
        """Whether the file has exactly this content."""
        async with session.opened(path, "rb") as file:
            offset = 0
            while piece := await session.read(file, path, offset, session.piece):
                if body[offset : offset + len(piece)] != piece:
                    return False
                offset += len(piece)
        return offset == len(body)


_REJECTED = {errno.ENAMETOOLONG, errno.EINVAL}


def _as_delivery_error(error: OSError, name: str) -> DeliveryError:
    """What a fault of the server means for a delivery."""
    text = f"'{name}' cannot be written: {error.strerror or error}"
    if isinstance(error, PermissionError):
        return AuthFailed(f"{text}; give the user the right to write there")
    if error.errno in _REJECTED:
        return Rejected(text)
    return Transient(text)
