"""Files that are taken out of a watched folder: claimed by rename, then archived or put aside. All of it blocks.

A claimed file lies in `work`, on the same file system, so a claim is one atomic step and a crash leaves every file
either in the folder, in `work` (it is resumed), in `done` or in `err`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path

from tundish.errors import NotConnected
from tundish.faults import Fault
from tundish_connectors.file.folder import Folder
from tundish_connectors.file.names import TEMPORARY, free_name, shown
from tundish_connectors.file.readiness import Stamp

MARKER = ".done"
_UNFINISHED = (".tmp", ".part", MARKER)
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Claimed:
    """A file in `work`, as it was read there."""

    name: str
    stamp: Stamp
    sha256: str
    """Empty where the file is too large to be read."""
    body: bytes | Path


class FileChanged(Exception):
    """Somebody wrote to the file after it seemed complete."""


class Claims:
    """The folders of one source: the watched one, `work`, `done` and `err`. Used by one thread at a time."""

    def __init__(self, folder: Folder, *, stream_above: int, largest: int) -> None:
        """Takes the folder over, and makes what is absent in it. Raises OSError."""
        self._folder = folder
        self._stream_above = stream_above
        self._largest = largest
        with contextlib.ExitStack() as stack:
            stack.enter_context(folder)
            self._work = stack.enter_context(folder.inside(("work",), create=True))
            self._err = stack.enter_context(folder.inside(("err",), create=True))
            self._opened = stack.pop_all()

    def close(self) -> None:
        """Give the handles back."""
        self._opened.close()

    def candidates(self, pattern: str, *, done_marker: bool) -> dict[str, Stamp]:
        """What lies in the folder and may be a unit. Raises NotConnected where the folder is another one now."""
        if not self._folder.is_still_there():
            raise NotConnected(f"{self._folder.path} is not the folder any more that was opened")
        names = self._folder.names()
        found = {}
        for name in names:
            if name.endswith(_UNFINISHED) or name.startswith(TEMPORARY) or not fnmatchcase(name, pattern):
                continue
            if done_marker and name + MARKER not in names:
                continue
            if (stamp := self._stamp(self._folder, name)) is not None:
                found[name] = stamp
        return found

    def left_behind(self, pattern: str) -> list[str]:
        """Files that a crash left in `work`, the oldest first; a marker that outlived its claim is removed."""
        here = self._folder.names()
        found = []
        for name in self._work.names():
            stamp = self._stamp(self._work, name)
            if stamp is None or not fnmatchcase(name, pattern):
                continue
            found.append((stamp.modified, name))
            if name not in here:
                self._folder.remove(name + MARKER, missing_ok=True)
        return [name for _, name in sorted(found)]

    def claim(self, name: str, *, done_marker: bool) -> str:
        """Move a file into `work`. Returns its name there. Raises FileNotFoundError where another one was faster."""
        claimed = free_name(name, self._work.names())
        self._folder.move(name, self._work, claimed)
        if done_marker:
            self._folder.remove(name + MARKER, missing_ok=True)
        return claimed

    def give_back(self, name: str) -> None:
        """Undo a claim."""
        self._work.move(name, self._folder, free_name(name, self._folder.names()))

    def read(self, name: str, expected: Stamp | None) -> Claimed:
        """Read a claimed file, or its digest where it is large.

        Raises FileChanged where it is not as `expected`, or was written to meanwhile.
        """
        handle = self._work.open_file(name)
        with open(handle, "rb", buffering=0) as file:  # noqa: PTH123 - a handle, not a path
            before = _stamp_of(os.fstat(handle))
            if before.size > self._largest:
                digest, body = "", b""
            elif before.size > self._stream_above:
                digest, body = _digest(handle), b""
            else:
                body = file.readall()
                digest = hashlib.sha256(body).hexdigest()
            after = _stamp_of(os.fstat(handle))
        if after != before or (expected is not None and before != expected):
            raise FileChanged(name)
        large = before.size > self._stream_above
        return Claimed(name, before, digest, self._work.path / name if large else body)

    def archive(self, name: str, now: datetime) -> None:
        """Move a claimed file to `done/YYYY/MM/DD`, by the date of `now`."""
        day = ("done", f"{now:%Y}", f"{now:%m}", f"{now:%d}")
        with self._folder.inside(day, create=True) as done:
            self._work.move(name, done, free_name(name, done.names()))

    def put_aside(self, name: str, reason: str, faults: Sequence[Fault], ids: Sequence[int]) -> None:
        """Move a claimed file to `err`, with a `.err.json` beside it that says why."""
        final = free_name(name, self._err.names())
        report = {
            "file": shown(name),
            "reason": reason,
            "messages": list(ids),
            "faults": [{"where": fault.path, "text": fault.text, "cure": fault.cure} for fault in faults],
        }
        text = json.dumps(report, indent=2, ensure_ascii=False).encode() + b"\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(final + ".err.json", flags, 0o666, dir_fd=self._err.handle)
        with open(handle, "wb") as file:  # noqa: PTH123 - a handle, not a path
            file.write(text)
        self._work.move(name, self._err, final)

    def _stamp(self, folder: Folder, name: str) -> Stamp | None:
        """None where it is gone already, or is no regular file."""
        try:
            status = os.stat(name, dir_fd=folder.handle, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return _stamp_of(status) if stat.S_ISREG(status.st_mode) else None


def _stamp_of(status: os.stat_result) -> Stamp:
    return Stamp(status.st_mtime_ns, status.st_size, status.st_ino)


def _digest(handle: int) -> str:
    digest = hashlib.sha256()
    while chunk := os.read(handle, _CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
