"""Files that are taken out of a watched folder: claimed by rename, then archived or put aside.

A claimed file lies in `work`, on the same file system, so a claim is one atomic step and a crash leaves every file
either in the folder, in `work` (it is resumed), in `done` or in `err`.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Generic, TypeVar

from tundish.faults import Fault
from tundish_connectors._folders.contract import Content, Folder, Stamp
from tundish_connectors._folders.names import TEMPORARY, names_like, shown

MARKER = ".done"
_UNFINISHED = (".tmp", ".part", MARKER)

F = TypeVar("F", bound=Folder)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A file in `work`, as it was read there."""

    name: str
    content: Content

    @property
    def stamp(self) -> Stamp:
        """What it was when it was read."""
        return self.content.before


class FileChanged(Exception):
    """Somebody wrote to the file after it seemed complete."""


class FileForbidden(Exception):
    """The file may not be read by our user."""


class Claims(Generic[F]):
    """The folders of one source: the watched one, `work`, `done` and `err`. Used by one task at a time."""

    def __init__(self, folder: F, work: F, err: F) -> None:
        self._folder = folder
        self._work = work
        self._err = err
        self._day: tuple[Sequence[str], F] | None = None

    @classmethod
    async def over(cls, folder: F) -> Claims[F]:
        """Takes the folder over, and makes what is absent in it. Raises OSError."""
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(folder.close)
            work = await folder.inside(("work",))
            stack.push_async_callback(work.close)
            err = await folder.inside(("err",))
            stack.pop_all()
        return cls(folder, work, err)

    async def close(self) -> None:
        """Give the folders back."""
        for folder in (self._day[1] if self._day else None, self._err, self._work, self._folder):
            if folder is not None:
                await folder.close()
        self._day = None

    async def candidates(self, pattern: str, *, done_marker: bool) -> dict[str, Stamp]:
        """What lies in the folder and may be a unit. Raises OSError or NotConnected."""

        def wanted(name: str) -> bool:
            return not (name.endswith(_UNFINISHED) or name.startswith(TEMPORARY)) and fnmatchcase(name, pattern)

        found = await self._folder.look(wanted)
        return {
            name: stamp
            for name, stamp in found.items()
            if stamp is not None and (not done_marker or name + MARKER in found)
        }

    async def left_behind(self, pattern: str) -> list[str]:
        """Files that a crash left in `work`, the oldest first; a marker that outlived its claim is removed."""
        here = await self._folder.look(lambda name: False)
        found = []
        for name, stamp in (await self._work.look(lambda name: fnmatchcase(name, pattern))).items():
            if stamp is None:
                continue
            found.append((stamp.modified, name))
            if name not in here and name + MARKER in here:
                await self._folder.remove(name + MARKER)
        return [name for _, name in sorted(found)]

    async def claim(self, name: str, *, done_marker: bool) -> str:
        """Move a file into `work`. Returns its name there. Raises FileNotFoundError where another one was faster."""
        claimed = await _move(self._folder, name, self._work)
        if done_marker:
            await self._folder.remove(name + MARKER)
        return claimed

    async def give_back(self, name: str) -> None:
        """Undo a claim."""
        await _move(self._work, name, self._folder)

    async def read(self, name: str, expected: Stamp | None, *, stream_above: int, largest: int) -> Claimed:
        """Read a claimed file.

        Raises FileChanged where it is not as `expected`, or was written to meanwhile, and FileForbidden.
        """
        try:
            content = await self._work.read(name, stream_above=stream_above, largest=largest)
        except PermissionError as error:
            raise FileForbidden(name) from error
        if content.after != content.before or (expected is not None and content.before != expected):
            await self._work.done_with(content)
            raise FileChanged(name)
        return Claimed(name, content)

    async def done_with(self, file: Claimed) -> None:
        """Nobody reads the file's content any more."""
        await self._work.done_with(file.content)

    async def archive(self, name: str, now: datetime) -> None:
        """Move a claimed file to `done/YYYY/MM/DD`, by the date of `now`."""
        parts = ("done", f"{now:%Y}", f"{now:%m}", f"{now:%d}")
        if self._day is None or self._day[0] != parts:
            await self._leave_day()
            self._day = (parts, await self._folder.inside(parts))
        try:
            await _move(self._work, name, self._day[1])
        except FileNotFoundError:
            # Somebody tidied `done` up; the next attempt makes the day's folder anew.
            await self._leave_day()
            if not await self._work.has(name):
                raise
            self._day = (parts, await self._folder.inside(parts))
            await _move(self._work, name, self._day[1])

    async def put_aside(self, name: str, reason: str, faults: Sequence[Fault], ids: Sequence[int]) -> None:
        """Move a claimed file to `err`, with a `.err.json` beside it that says why."""
        final = await _free(name, self._err)
        report = {
            "file": shown(name),
            "reason": reason,
            "messages": list(ids),
            "faults": [{"where": fault.path, "text": fault.text, "cure": fault.cure} for fault in faults],
        }
        text = json.dumps(report, indent=2, ensure_ascii=False).encode() + b"\n"
        await self._err.write(final + ".err.json", text)
        await self._work.move(name, self._err, final)

    async def _leave_day(self) -> None:
        day, self._day = self._day, None
        if day is not None:
            await day[1].close()


async def _free(name: str, folder: Folder) -> str:
    """A name like this one that nothing in the folder has."""
    for candidate in names_like(name):
        if not await folder.has(candidate):
            return candidate
    raise AssertionError("names_like never ends")


async def _move(folder: F, name: str, to: F) -> str:
    free = await _free(name, to)
    await folder.move(name, to, free)
    return free
