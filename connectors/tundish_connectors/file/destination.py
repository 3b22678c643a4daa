"""Writes each message to a file of its own. Files that are ready at the same time share the waits for the disk."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from tundish.errors import NotConnected, Transient
from tundish.model import Outgoing, Receipt, Value
from tundish.sdk import Context, Destination
from tundish_connectors._folders.names import safe_parts
from tundish_connectors.file.connection import FileConnection
from tundish_connectors.file.settings import FileDestinationSettings
from tundish_connectors.file.writing import FileWriter, NewFile, Outcome

_LARGEST_BATCH = 128
"""Each file of a batch is open at the same time, and a process may have about a thousand open."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    file: NewFile
    outcome: asyncio.Future[Outcome]


class FileDestination(Destination[FileDestinationSettings, FileConnection]):
    """A delivery is done when the file has its name and both are on disk."""

    def __init__(self, settings: FileDestinationSettings, connection: FileConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        owner = hashlib.sha256(context.name.encode()).hexdigest()[:12]
        self._writer = FileWriter(connection.settings.folder, owner, settings.if_exists)
        self._waiting: list[_Waiting] = []
        self._some = asyncio.Event()
        self._is_open = False

    async def open(self) -> None:
        """Remove what a crash left unfinished. Raises NotConnected where the folder is not there."""
        try:
            await asyncio.to_thread(self._writer.clean_up)
        except OSError as error:
            folder = self.connection.settings.folder
            raise NotConnected(f"the folder {folder} cannot be used: {error.strerror}") from error
        self._some = asyncio.Event()
        self._is_open = True
        self.context.start(self._write_batches(), name="write")

    async def close(self) -> None:
        """Let go of whoever still waits; what a thread is writing may still appear, and is recognised later."""
        self._is_open = False
        self._resolve(self._waiting, Transient("the daemon stopped before the file was written"))
        self._waiting = []

    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """`name`. Raises Invalid where the name is not safe."""
        name = self.settings.name.render(message.scope)
        safe_parts(name)
        return {"name": name}

    async def deliver(self, message: Outgoing) -> Receipt:
        """Write the file. Raises Invalid, Rejected, Duplicate, AuthFailed or Transient."""
        name = self.settings.name.render(message.scope)
        parts = safe_parts(name)
        if not self._is_open:
            raise Transient("the folder is not open")
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(NewFile(parts, message.body), outcome))
        self._some.set()
        error = await outcome
        if error is not None:
            raise error
        return Receipt(remote_id=name, facts={"name": name})

    async def _write_batches(self) -> None:
        while True:
            await self._some.wait()
            batch, self._waiting = self._waiting[:_LARGEST_BATCH], self._waiting[_LARGEST_BATCH:]
            if not self._waiting:
                self._some.clear()
            await self._write(batch)

    async def _write(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = await asyncio.to_thread(self._writer.write, [waiting.file for waiting in batch])
        except BaseException:
            # Cancelled, most of all; the thread goes on, and a repeat finds the same content.
            self._resolve(batch, Transient("the daemon stopped while the file was written"))
            raise
        for waiting, outcome in zip(batch, outcomes, strict=True):
            self._resolve([waiting], outcome)

    def _resolve(self, batch: list[_Waiting], outcome: Outcome) -> None:
        for waiting in batch:
            if not waiting.outcome.done():
                waiting.outcome.set_result(outcome)
