"""Watches a folder of this machine; the file operations run in a thread of their own."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from tundish.errors import NotConnected
from tundish.sdk import Context, Intake, Source
from tundish_connectors._folders.claims import Claims
from tundish_connectors._folders.watching import Watcher
from tundish_connectors.file.connection import FileConnection
from tundish_connectors.file.settings import FileSourceSettings
from tundish_connectors.file.this_machine import LocalFolder

T = TypeVar("T")


class FileSource(Source[FileSourceSettings, FileConnection]):
    """Each file is one unit. Files are taken one after the other, the oldest first."""

    def __init__(self, settings: FileSourceSettings, connection: FileConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._claims: Claims[LocalFolder] | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        """Open the folder and make `work` and `err` in it. Raises NotConnected where that cannot be done."""
        await self.close()
        # A network folder may stall for minutes. With a thread of its own, a step that outlives `run` is over before
        # `close` takes the handles away.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=self.context.name)
        self._claims = await self._step(self._open_claims())

    async def _open_claims(self) -> Claims[LocalFolder]:
        return await Claims.over(LocalFolder(self.connection.folder()))

    async def close(self) -> None:
        """Give the folder's handles back; a file in `work` stays there and is resumed."""
        claims, thread = self._claims, self._thread
        self._claims = self._thread = None
        if thread is not None:
            if claims is not None:
                closed = asyncio.get_running_loop().run_in_executor(thread, _finish, claims.close())
                thread.shutdown(wait=False)
                await closed
            else:
                thread.shutdown(wait=False)

    async def run(self, intake: Intake) -> None:
        """First finish what a crash left in `work`, then watch. Raises NotConnected where the folder is gone."""
        if self._claims is None:
            raise NotConnected("the source is not open")
        await Watcher(self.settings, self._claims, self.connection.held, self._step).run(intake)

    async def _step(self, step: Coroutine[Any, Any, T]) -> T:
        """Run file operations. Raises NotConnected for whatever the folder does, FileNotFoundError for a file."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, _finish, step)
        except asyncio.CancelledError:
            if inspect.getcoroutinestate(step) == inspect.CORO_CREATED:
                step.close()
            raise
        except FileNotFoundError:
            if self.connection.settings.folder.is_dir():
                raise
            raise NotConnected(f"the folder {self.connection.settings.folder} is gone") from None
        except OSError as error:
            raise NotConnected(f"the folder {self.connection.settings.folder} cannot be used: {error}") from error


def _finish(step: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits, because everything below it blocks."""
    try:
        step.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    step.close()
    raise AssertionError("an operation on a folder of this machine waited for the event loop")
