"""Whose an address is: a note in the daemon's folder says that it is this daemon's, so that a check need not alarm."""

from __future__ import annotations

import os
from pathlib import Path


class Claim:
    """The note of one connection."""

    def __init__(self, folder: Path, address: str) -> None:
        self._file = folder / "listening"
        self._address = address

    def take(self) -> None:
        """This process listens."""
        self._file.write_text(f"{os.getpid()} {self._address}")

    def drop(self) -> None:
        """It does not any more."""
        self._file.unlink(missing_ok=True)

    @property
    def is_ours(self) -> bool:
        """A process that lives has taken the address for this connection."""
        try:
            number, _, address = self._file.read_text().partition(" ")
            os.kill(int(number), 0)
        except (OSError, ValueError):
            return False
        return address == self._address
