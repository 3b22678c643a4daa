"""Watches a folder: each complete file is claimed, handed over, and then archived or put aside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tundish.faults import Fault
from tundish.model import Acceptance, Unit
from tundish.sdk import Intake, accept_patiently
from tundish_connectors._folders.claims import Claimed, Claims, FileChanged, FileForbidden
from tundish_connectors._folders.contract import Stamp, Step
from tundish_connectors._folders.names import shown
from tundish_connectors._folders.readiness import Readiness
from tundish_connectors._folders.watch_settings import WatchSettings

_EMPTY = Fault("", "the file is empty")
_FORBIDDEN = Fault("", "the file may not be read", "let its writer give the daemon's user the right to read")


class _Turn:
    """The place of one file in the row: files are read at the same time, and handed over one after the other."""

    def __init__(self, before: _Turn | None = None) -> None:
        self._before: asyncio.Event | None = before.passed if before is not None else None
        self.passed: asyncio.Event = asyncio.Event()

    async def come(self) -> None:
        """Wait until the file before this one is durable."""
        if self._before is not None:
            await self._before.wait()

    def over(self) -> None:
        """The next one may come."""
        self.passed.set()


class Watcher:
    """Hands files over one after the other, the oldest first. What a crash left in `work` comes before all others."""

    def __init__(
        self, settings: WatchSettings, claims: Claims[Any], held: set[str], step: Step, *, at_once: int = 1
    ) -> None:
        """`held` are the names in `work` that are in the hands of any route now; it is shared between them.

        Up to `at_once` files are claimed, read and filed away at the same time, which hides the way to a server.
        """
        self._settings = settings
        self._claims = claims
        self._held = held
        self._step = step
        self._at_once = at_once

    async def run(self, intake: Intake) -> None:
        """Watch until cancelled. Raises what `step` raises for a folder that is lost."""
        claims, settings = self._claims, self._settings
        readiness = Readiness(stable_polls=settings.stable_polls, settle=settings.settle)
        for name in await self._step(claims.left_behind(settings.pattern)):
            await self._process(intake, name, name, None, _Turn())
        while True:
            found = await self._step(claims.candidates(settings.pattern, done_marker=settings.done_marker))
            ready = readiness.look(found, time.monotonic())
            for name in ready:
                readiness.forget(name)
            await self._take_all(intake, [(name, found[name]) for name in ready])
            await asyncio.sleep(settings.poll)

    async def _take_all(self, intake: Intake, ready: Sequence[tuple[str, Stamp]]) -> None:
        slots = asyncio.Semaphore(self._at_once)
        turn = None
        try:
            async with asyncio.TaskGroup() as group:
                for name, stamp in ready:
                    await slots.acquire()
                    turn = _Turn(turn)
                    group.create_task(self._take(intake, name, stamp, turn, slots))
        except ExceptionGroup as several:
            # The folder is lost for all of them, and the first says why.
            raise several.exceptions[0] from several

    async def _take(self, intake: Intake, name: str, stamp: Stamp, turn: _Turn, slots: asyncio.Semaphore) -> None:
        try:
            claimed = await self._step(self._claims.claim(name, done_marker=self._settings.done_marker))
            await self._process(intake, claimed, name, stamp, turn)
        except FileNotFoundError:
            # Another one was faster.
            pass
        await turn.come()
        turn.over()
        slots.release()

    async def _process(self, intake: Intake, name: str, original: str, stamp: Stamp | None, turn: _Turn) -> None:
        """Hand over one file of `work` and put it where its fate says; `stamp` is what it was when it was complete."""
        if name in self._held:
            return
        self._held.add(name)
        try:
            await self._read_and_hand_over(intake, name, original, stamp, turn)
        except FileChanged:
            await self._step(self._claims.give_back(name))
        except FileForbidden:
            await self._refuse(intake, name, _unit(original, None, faults=(_FORBIDDEN,)), "forbidden", turn)
        except FileNotFoundError:
            # A step that outlived the last `close` has put it where it belongs.
            return
        finally:
            self._held.discard(name)

    async def _read_and_hand_over(
        self, intake: Intake, name: str, original: str, stamp: Stamp | None, turn: _Turn
    ) -> None:
        limits = self._settings
        file = await self._step(
            self._claims.read(name, stamp, stream_above=limits.stream_above, largest=limits.largest)
        )
        try:
            await self._hand_over(intake, file, original, turn)
        finally:
            await self._step(self._claims.done_with(file))

    async def _hand_over(self, intake: Intake, file: Claimed, original: str, turn: _Turn) -> None:
        size, largest = file.stamp.size, self._settings.largest
        if size > largest:
            fault = Fault(
                "", f"the file has {size} bytes; at most {largest} are read", "raise 'largest' and move it back"
            )
            await self._refuse(intake, file.name, _unit(original, file, faults=(fault,)), "too large", turn)
        elif not size and self._settings.empty == "refuse":
            # Some formats read no records from nothing and see no fault in that; a human should look at it.
            await self._refuse(intake, file.name, _unit(original, file, faults=(_EMPTY,)), "empty", turn)
        elif not size:
            await self._step(self._claims.archive(file.name, datetime.now().astimezone()))
        else:
            acceptance = await self._accept(intake, _unit(original, file), turn)
            match acceptance.outcome:
                case "invalid" | "conflict" as outcome:
                    aside = self._claims.put_aside(file.name, outcome, acceptance.faults, acceptance.ids)
                    await self._step(aside)
                case "accepted" | "duplicate":
                    await self._step(self._claims.archive(file.name, datetime.now().astimezone()))

    async def _accept(self, intake: Intake, unit: Unit, turn: _Turn) -> Acceptance:
        await turn.come()
        acceptance = await accept_patiently(intake, unit)
        turn.over()
        return acceptance

    async def _refuse(self, intake: Intake, name: str, unit: Unit, reason: str, turn: _Turn) -> None:
        """Leave a dead letter, so that somebody hears of the file, and put it aside."""
        acceptance = await self._accept(intake, unit, turn)
        await self._step(self._claims.put_aside(name, reason, unit.faults, acceptance.ids))


def _unit(original: str, file: Claimed | None, *, faults: Sequence[Fault] = ()) -> Unit:
    now = datetime.now(UTC)
    if file is None:
        return Unit(b"", now, {"file": shown(original)}, faults=tuple(faults))
    modified = datetime.fromtimestamp(file.stamp.modified / 1e9, UTC)
    sha256 = file.content.sha256
    return Unit(
        body=b"" if faults else file.content.body,
        received=now,
        meta={
            "file": shown(original),
            "size": file.stamp.size,
            "mtime": modified.isoformat(timespec="milliseconds"),
            "sha256": sha256,
        },
        # The content, not the path: a file that is dropped again under another name is the same unit.
        name=f"sha256:{sha256}" if sha256 else "",
        faults=tuple(faults),
    )
