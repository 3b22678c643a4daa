"""Brings many new files to the disk with as few flushes as the system allows."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Sequence

_WORTH_IT = 4
"""From how many files on one flush of the file system is faster than one for each file."""


def _syncs_file_systems() -> bool:
    """Before Linux 5.8, syncfs kept write errors to itself, so nothing could rely on it."""
    if sys.platform != "linux":
        return False
    major, minor, *_ = platform.release().split(".")
    return (int(major), int("".join(filter(str.isdigit, minor)) or 0)) >= (5, 8)


_LIBC = ctypes.CDLL(None, use_errno=True) if _syncs_file_systems() else None


def sync_files(handles: Sequence[int], folder: int) -> None:
    """When this returns, what was written to the files is on disk. `folder` is on the same file system.

    Raises OSError where the system reports a write error; then none of the files may be relied on.
    """
    if _LIBC is not None and len(handles) >= _WORTH_IT:
        # A thousand files cost a thousand waits for the disk with fsync, and one with syncfs.
        if _LIBC.syncfs(folder) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return
    for handle in handles:
        os.fsync(handle)
