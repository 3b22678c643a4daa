"""What an error of SQLite or of the operating system means for the journal."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Literal

import apsw

from tundish.errors import JournalCorrupt, JournalError
from tundish.journal.sqlite.schema import DATABASE

FaultKind = Literal["full", "fatal", "refused"]

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SYNC = frozenset({apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC})


def fault_kind(error: BaseException, system_errno: int = 0) -> FaultKind:
    """`full`: nothing was written, and it can be tried again when there is room (or another program lets go).

    `fatal`: nobody knows what is on disk; the process must end and open the journal again. `refused`: the operation
    itself is wrong, others can go on. `system_errno` is that of the connection.
    """
    if isinstance(error, (apsw.FullError, apsw.BusyError)):
        return "full"
    if isinstance(error, apsw.IOError):
        # A failed sync may have dropped pages that the kernel will never write again, whatever its reason was.
        return "full" if system_errno in _NO_ROOM and getattr(error, "extendedresult", 0) not in _SYNC else "fatal"
    if isinstance(error, OSError):
        return "full" if error.errno in _NO_ROOM else "fatal"
    if isinstance(
        error, (apsw.ConstraintError, apsw.MismatchError, apsw.TooBigError, apsw.RangeError, apsw.BindingsError)
    ):
        return "refused"
    if isinstance(error, (apsw.Error, JournalCorrupt)):
        return "fatal"
    return "refused"


def as_journal_error(error: BaseException, folder: Path) -> JournalError:
    """What happened, in words that say what to do."""
    if isinstance(error, JournalError):
        return error if str(folder) in str(error) else type(error)(f"{folder}: {error}")
    if isinstance(error, (apsw.CorruptError, apsw.NotADBError, apsw.FormatError, ValueError, TypeError)):
        return JournalCorrupt(
            f"{folder / DATABASE}: {error}; copy the folder, check the disk, then restore a backup, or set the journal "
            "aside and salvage what its checksums confirm"
        )
    return JournalError(
        f"{folder / DATABASE}: {type(error).__name__}: {error}; nothing more is written; check the disk and its "
        "rights, then start again"
    )
