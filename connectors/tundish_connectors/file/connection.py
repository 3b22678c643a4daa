"""What the routes share that use one folder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from tundish.errors import NotConnected
from tundish.faults import Fault
from tundish.sdk import Connection, Context
from tundish_connectors.file.folder import Folder
from tundish_connectors.file.settings import FileConnectionSettings


class FileConnection(Connection[FileConnectionSettings]):
    """A folder, and which files in its `work` are in the hands of a route now."""

    def __init__(self, settings: FileConnectionSettings, context: Context) -> None:
        super().__init__(settings, context)
        self.held: set[str] = set()
        """Names in `work`: two routes may watch one folder, and neither resumes what the other one is reading."""

    async def open(self) -> None:
        """Look whether the folder is there. Raises NotConnected where it is not."""
        await asyncio.to_thread(self.folder_or_not_connected)

    def folder_or_not_connected(self) -> None:
        """Raises NotConnected where the folder cannot be opened. Blocks."""
        try:
            with self.folder():
                pass
        except OSError as error:
            raise NotConnected(f"the folder {self.settings.folder} cannot be opened: {error.strerror}") from error

    def folder(self) -> Folder:
        """A new handle on the folder. Blocks; raises OSError."""
        return Folder.at(self.settings.folder)

    async def check(self) -> Sequence[Fault]:
        """Say where this user may not create files."""
        writable = await asyncio.to_thread(os.access, self.settings.folder, os.W_OK | os.X_OK)
        if writable:
            return ()
        return (
            Fault(
                "folder",
                f"this user may not create files in {self.settings.folder}",
                "give the daemon's user write access",
            ),
        )
