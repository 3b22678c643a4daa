"""Counts the connections of an edge node over restarts: a death belongs to the birth that has the same number."""

from __future__ import annotations

from pathlib import Path

_COUNTS = 256


class BirthCounter:
    """A small file in a folder of ours. All of it blocks, for a very short time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "bdseq"

    def following(self) -> int:
        """The number of the next connection, 0 to 255; 0 where the file is absent or damaged."""
        try:
            number = (int(self._file.read_text("ascii")) + 1) % _COUNTS
        except (OSError, ValueError):
            number = 0
        unfinished = self._file.with_suffix(".part")
        unfinished.write_text(str(number), "ascii")
        unfinished.replace(self._file)
        return number
