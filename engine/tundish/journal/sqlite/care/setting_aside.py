"""Moving a journal that cannot be opened out of the way. A daemon never does that by itself: an operator decides."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tundish.journal.sqlite.care.high_water import FILE
from tundish.journal.sqlite.care.ownership import Ownership
from tundish.journal.sqlite.schema import DATABASE


def set_aside(folder: Path) -> Path:
    """Move the files of a journal into a new folder inside `folder`, so that a daemon can start with an empty one.

    The daemon must not run. Nothing is deleted. Raises JournalLocked.
    """
    ownership = Ownership(folder)
    try:
        aside = folder / f"set-aside-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
        aside.mkdir(mode=0o700)
        for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", FILE):
            path = folder / name
            if path.exists():
                path.rename(aside / name)
    finally:
        ownership.release()
    return aside
