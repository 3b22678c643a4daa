"""Watches a folder: each complete file is claimed, handed over, and then archived or put aside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import ParamSpec, TypeVar

from tundish.errors import NotConnected
from tundish.faults import Fault
from tundish.model import Acceptance, Unit
from tundish.sdk import Context, Intake, Source, accept_patiently
from tundish.telemetry import Event
from tundish_connectors.file.claims import Claimed, Claims, FileChanged
from tundish_connectors.file.connection import FileConnection
from tundish_connectors.file.names import shown
from tundish_connectors.file.readiness import Readiness, Stamp
from tundish_connectors.file.settings import FileSourceSettings

P = ParamSpec("P")
T = TypeVar("T")

_EMPTY = Fault("", "the file is empty")


class FileSource(Source[FileSourceSettings, FileConnection]):
    """Each file is one unit. Files are taken one after the other, the oldest first."""

    def __init__(self, settings: FileSourceSettings, connection: FileConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._claims: Claims | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        """Open the folder and make `work` and `err` in it. Raises NotConnected where that cannot be done."""
        await self.close()
        # A network folder may stall for minutes. With a thread of its own, a step that outlives `run` is over before
        # `close` takes the handles away.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=self.context.name)
        self._claims = await self._blocking(self._open_claims)

    def _open_claims(self) -> Claims:
        folder = self.connection.folder()
        return Claims(folder, stream_above=self.settings.stream_above, largest=self.settings.largest)

    async def close(self) -> None:
        """Give the folder's handles back; a file in `work` stays there and is resumed."""
        claims, thread = self._claims, self._thread
        self._claims = self._thread = None
        if thread is not None:
            if claims is not None:
                closed = asyncio.get_running_loop().run_in_executor(thread, claims.close)
                thread.shutdown(wait=False)
                await closed
            else:
                thread.shutdown(wait=False)

    async def run(self, intake: Intake) -> None:
        """First finish what a crash left in `work`, then watch. Raises NotConnected where the folder is gone."""
        if self._claims is None:
            raise NotConnected("the source is not open")
        claims, settings = self._claims, self.settings
        readiness = Readiness(stable_polls=settings.stable_polls, settle=settings.settle)
        for name in await self._blocking(claims.left_behind, settings.pattern):
            await self._process(claims, intake, name, name, None)
        while True:
            find = partial(claims.candidates, settings.pattern, done_marker=settings.done_marker)
            found = await self._blocking(find)
            for name in readiness.look(found, time.monotonic()):
                readiness.forget(name)
                await self._take(claims, intake, name, found[name])
            await asyncio.sleep(settings.poll)

    async def _take(self, claims: Claims, intake: Intake, name: str, stamp: Stamp) -> None:
        try:
            claimed = await self._blocking(partial(claims.claim, name, done_marker=self.settings.done_marker))
        except FileNotFoundError:
            return
        await self._process(claims, intake, claimed, name, stamp)

    async def _process(self, claims: Claims, intake: Intake, name: str, original: str, stamp: Stamp | None) -> None:
        """Hand over one file of `work` and put it where its fate says; `stamp` is what it was when it was complete."""
        if name in self.connection.held:
            return
        self.connection.held.add(name)
        try:
            file = await self._blocking(claims.read, name, stamp)
            await self._hand_over(claims, intake, file, original)
        except FileChanged:
            await self._blocking(claims.give_back, name)
        except FileNotFoundError:
            # A thread that outlived the last `close` has put it where it belongs.
            return
        finally:
            self.connection.held.discard(name)

    async def _hand_over(self, claims: Claims, intake: Intake, file: Claimed, original: str) -> None:
        if file.stamp.size > self.settings.largest:
            cure = "raise 'largest' and move it back"
            fault = Fault("", f"the file has {file.stamp.size} bytes; at most {self.settings.largest} are read", cure)
            self.context.log.warning(Event.UNIT_REFUSED, file=shown(file.name), size=file.stamp.size)
            await self._blocking(claims.put_aside, file.name, "too large", (fault,), ())
            return
        now = datetime.now().astimezone()
        if not file.stamp.size and self.settings.empty == "skip":
            await self._blocking(claims.archive, file.name, now)
            return
        acceptance = await accept_patiently(intake, _unit(file, original))
        await self._file_away(claims, file, acceptance, now)

    async def _file_away(self, claims: Claims, file: Claimed, acceptance: Acceptance, now: datetime) -> None:
        faults = acceptance.faults or (() if file.stamp.size else (_EMPTY,))
        match acceptance.outcome:
            case "invalid" | "conflict" as outcome:
                await self._blocking(claims.put_aside, file.name, outcome, faults, acceptance.ids)
            case "accepted" | "duplicate" if not file.stamp.size:
                # Some formats read no records from nothing and see no fault in that; a human should look at it.
                await self._blocking(claims.put_aside, file.name, "empty", faults, acceptance.ids)
            case "accepted" | "duplicate":
                await self._blocking(claims.archive, file.name, now)

    async def _blocking(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run file operations. Raises NotConnected for whatever the folder does, FileNotFoundError for a file."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args, **kwargs))
        except FileNotFoundError:
            if self.connection.settings.folder.is_dir():
                raise
            raise NotConnected(f"the folder {self.connection.settings.folder} is gone") from None
        except OSError as error:
            raise NotConnected(f"the folder {self.connection.settings.folder} cannot be used: {error}") from error


def _unit(file: Claimed, original: str) -> Unit:
    modified = datetime.fromtimestamp(file.stamp.modified / 1e9, UTC)
    return Unit(
        body=file.body,
        received=datetime.now(UTC),
        meta={
            "file": shown(original),
            "size": file.stamp.size,
            "mtime": modified.isoformat(timespec="milliseconds"),
            "sha256": file.sha256,
        },
        # The content, not the path: a file that is dropped again under another name is the same unit.
        name=f"sha256:{file.sha256}",
    )
