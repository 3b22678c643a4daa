"""Watches a folder: each complete file is claimed, handed over, and then archived or put aside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tundish.faults import Fault
from tundish.model import Unit
from tundish.sdk import Intake, accept_patiently
from tundish_connectors._folders.claims import Claimed, Claims, FileChanged, FileForbidden
from tundish_connectors._folders.contract import Stamp, Step
from tundish_connectors._folders.names import shown
from tundish_connectors._folders.readiness import Readiness
from tundish_connectors._folders.settings import WatchSettings

_EMPTY = Fault("", "the file is empty")
_FORBIDDEN = Fault("", "the file may not be read", "let its writer give the daemon's user the right to read")


class Watcher:
    """Takes files one after the other, the oldest first. What a crash left in `work` comes before all others."""

    def __init__(self, settings: WatchSettings, claims: Claims[Any], held: set[str], step: Step) -> None:
        """`held` are the names in `work` that are in the hands of any route now; it is shared between them."""
        self._settings = settings
        self._claims = claims
        self._held = held
        self._step = step

    async def run(self, intake: Intake) -> None:
        """Watch until cancelled. Raises what `step` raises for a folder that is lost."""
        claims, settings = self._claims, self._settings
        readiness = Readiness(stable_polls=settings.stable_polls, settle=settings.settle)
        for name in await self._step(claims.left_behind(settings.pattern)):
            await self._process(intake, name, name, None)
        while True:
            found = await self._step(claims.candidates(settings.pattern, done_marker=settings.done_marker))
            for name in readiness.look(found, time.monotonic()):
                readiness.forget(name)
                await self._take(intake, name, found[name])
            await asyncio.sleep(settings.poll)

    async def _take(self, intake: Intake, name: str, stamp: Stamp) -> None:
        try:
            claimed = await self._step(self._claims.claim(name, done_marker=self._settings.done_marker))
        except FileNotFoundError:
            return
        await self._process(intake, claimed, name, stamp)

    async def _process(self, intake: Intake, name: str, original: str, stamp: Stamp | None) -> None:
        """Hand over one file of `work` and put it where its fate says; `stamp` is what it was when it was complete."""
        if name in self._held:
            return
        self._held.add(name)
        try:
            await self._read_and_hand_over(intake, name, original, stamp)
        except FileChanged:
            await self._step(self._claims.give_back(name))
        except FileForbidden:
            await self._refuse(intake, name, _unit(original, None, faults=(_FORBIDDEN,)), "forbidden")
        except FileNotFoundError:
            # A step that outlived the last `close` has put it where it belongs.
            return
        finally:
            self._held.discard(name)

    async def _read_and_hand_over(self, intake: Intake, name: str, original: str, stamp: Stamp | None) -> None:
        limits = self._settings
        file = await self._step(
            self._claims.read(name, stamp, stream_above=limits.stream_above, largest=limits.largest)
        )
        try:
            await self._hand_over(intake, file, original)
        finally:
            await self._step(self._claims.done_with(file))

    async def _hand_over(self, intake: Intake, file: Claimed, original: str) -> None:
        size, largest = file.stamp.size, self._settings.largest
        if size > largest:
            fault = Fault(
                "", f"the file has {size} bytes; at most {largest} are read", "raise 'largest' and move it back"
            )
            await self._refuse(intake, file.name, _unit(original, file, faults=(fault,)), "too large")
        elif not size and self._settings.empty == "refuse":
            # Some formats read no records from nothing and see no fault in that; a human should look at it.
            await self._refuse(intake, file.name, _unit(original, file, faults=(_EMPTY,)), "empty")
        elif not size:
            await self._step(self._claims.archive(file.name, datetime.now().astimezone()))
        else:
            acceptance = await accept_patiently(intake, _unit(original, file))
            match acceptance.outcome:
                case "invalid" | "conflict" as outcome:
                    aside = self._claims.put_aside(file.name, outcome, acceptance.faults, acceptance.ids)
                    await self._step(aside)
                case "accepted" | "duplicate":
                    await self._step(self._claims.archive(file.name, datetime.now().astimezone()))

    async def _refuse(self, intake: Intake, name: str, unit: Unit, reason: str) -> None:
        """Leave a dead letter, so that somebody hears of the file, and put it aside."""
        acceptance = await accept_patiently(intake, unit)
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
