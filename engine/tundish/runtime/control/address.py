"""Where the control socket of a data folder is, and how to reach it however long the folder's path is."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

SOCKET = "control.sock"

MOST_BYTES = 8 * 1024 * 1024
"""Of one line, in either direction."""


@contextlib.contextmanager
def short_path(data: Path) -> Iterator[str]:
    """A path of the socket that fits into the 107 bytes which Linux gives to an address, valid inside the context."""
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)
