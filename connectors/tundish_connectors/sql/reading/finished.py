"""Remembers over restarts that every row which a cursor names is finished."""

from __future__ import annotations

import contextlib
from hashlib import blake2b
from pathlib import Path


class Finished:
    """A note beside the journal, because a cursor changes with new rows only. All of it blocks, for a very short time.

    Where the note is lost, as after a power cut, the digests of the cursor decide.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "finished"
        self._noted: bytes | None = None

    def covers(self, cursor: bytes) -> bool:
        """Whether the rows of this cursor are known to be finished."""
        if self._noted is None:
            with contextlib.suppress(OSError):
                self._noted = self._file.read_bytes()
        return self._noted == _name(cursor)

    def note(self, cursor: bytes) -> None:
        """They are finished."""
        if not self.covers(cursor):
            self._noted = _name(cursor)
            with contextlib.suppress(OSError):
                self._file.write_bytes(self._noted)


def _name(cursor: bytes) -> bytes:
    return blake2b(cursor, digest_size=16).digest()
