"""Watches a folder of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from tundish.errors import AuthFailed, Misconfigured, NotConnected
from tundish.faults import Fault
from tundish.sdk import Context, Intake, Source
from tundish_connectors._folders.claims import Claims
from tundish_connectors._folders.watching import Watcher
from tundish_connectors.sftp.checks import check_folder
from tundish_connectors.sftp.connection import SftpConnection
from tundish_connectors.sftp.remote import RemoteFolder, empty
from tundish_connectors.sftp.session import SftpSession
from tundish_connectors.sftp.settings import SftpSourceSettings

T = TypeVar("T")

_AT_ONCE = 16
"""Files that are on their way at the same time."""


class SftpSource(Source[SftpSourceSettings, SftpConnection]):
    """Each file is one unit. Files are taken one after the other, the oldest first."""

    def __init__(self, settings: SftpSourceSettings, connection: SftpConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._session: SftpSession | None = None
        self._claims: Claims[RemoteFolder] | None = None

    async def open(self) -> None:
        """Log in, and make `work` and `err` in the folder.

        Raises NotConnected, AuthFailed, Misconfigured or MissingSecret.
        """
        await self.close()
        arriving = self.context.data / "arriving"
        await asyncio.to_thread(empty, arriving)
        self._session = await self.connection.session()
        folder, server = self.settings.folder, self.connection.server
        if not await self._step(self._session.is_folder(folder)):
            cure = "make it there, or write 'folder' as the server shows it after login"
            raise Misconfigured(f"there is no folder '{folder}' on {server}", cure)
        self._claims = await self._step(Claims.over(RemoteFolder(self._session, folder, arriving)))
        self.context.start(self._session.over(server), name="watch")

    async def close(self) -> None:
        """Log out; a file in `work` stays there and is resumed."""
        session, self._session, self._claims = self._session, None, None
        if session is not None:
            await session.close()

    async def check(self) -> Sequence[Fault]:
        """Try the rights with a file of our own, and compare the clocks."""
        session = self._session
        if session is None:
            return ()
        return await self._step(check_folder(session, self.settings.folder, moves_to=("work", "err")))

    async def run(self, intake: Intake) -> None:
        """First finish what a crash left in `work`, then watch. Raises NotConnected or AuthFailed."""
        if self._claims is None:
            raise NotConnected("the source is not open")
        held = self.connection.held[self.settings.folder]
        await Watcher(self.settings, self._claims, held, self._step, at_once=_AT_ONCE).run(intake)

    async def _step(self, step: Coroutine[Any, Any, T]) -> T:
        server = self.connection.server
        try:
            return await step
        except FileNotFoundError:
            if self._session is None or await self._is_there(self._session):
                raise
            raise NotConnected(f"the folder '{self.settings.folder}' of {server} is gone") from None
        except PermissionError as error:
            user, folder = self.connection.settings.username, self.settings.folder
            raise AuthFailed(
                f"{server} refuses access to '{error.filename}'; give '{user}' the right to write in '{folder}' and in"
                " its folders 'work', 'done' and 'err'"
            ) from error
        except OSError as error:
            where = f"'{error.filename}' of " if error.filename else ""
            raise NotConnected(f"{where}{server} cannot be used: {error.strerror or error}") from error

    async def _is_there(self, session: SftpSession) -> bool:
        try:
            return await session.is_folder(self.settings.folder)
        except OSError:
            return False
