"""A copy of the journal while a daemon writes, never made by copying the files."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import apsw

from tundish.errors import JournalError
from tundish.journal.sqlite.care.high_water import sync_folder
from tundish.journal.sqlite.faults import as_journal_error
from tundish.journal.sqlite.schema import DATABASE, connect_reader


def back_up(folder: Path, target: Path) -> None:
    """Write the journal in `folder` to the new file `target` (mode 0600), complete and synced when this returns.

    To use it: put it as `journal.db` into an empty folder and start once with `--accept-loss`, for it is older than
    what was acknowledged since. Raises JournalError.
    """
    if target.exists():
        raise JournalError(f"{target}: exists already; name a new file")
    if not (folder / DATABASE).is_file():
        raise JournalError(f"{folder / DATABASE}: there is no journal; name the data folder of a daemon that ran once")
    draft = target.with_name(f"{target.name}.part")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        connection = connect_reader(folder / DATABASE)
        try:
            connection.execute("PRAGMA query_only=OFF").fetchall()
            connection.execute("VACUUM INTO ?", (str(draft),))
        finally:
            connection.close(True)
        with draft.open("rb") as copy:
            os.fsync(copy.fileno())
        draft.rename(target)
        sync_folder(target.parent)
    except (apsw.Error, OSError) as error:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
        raise as_journal_error(error, folder) from error
