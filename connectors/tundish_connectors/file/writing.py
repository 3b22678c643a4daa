"""Writes a batch of files so that each is complete and on disk, or not there at all. All of it blocks.

Each file gets a temporary name, is written, synced and measured, gets its real name, and then the folder is synced.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from tundish.errors import AuthFailed, DeliveryError, Duplicate, Rejected, Transient
from tundish_connectors._folders.names import TEMPORARY
from tundish_connectors.file.folder import Folder
from tundish_connectors.file.syncing import sync_files

IfExists: TypeAlias = Literal["fail", "replace"]
Outcome: TypeAlias = DeliveryError | None
"""None: the file is there."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_REJECTED = {errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.EINVAL, errno.EILSEQ, errno.EFBIG}
"""The name or the size is wrong for this file system, now and at every later attempt."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to be written: folders and name inside the root, and the content."""

    parts: tuple[str, ...]
    body: bytes


@dataclass(slots=True)
class _Staged:
    file: NewFile
    folder: Folder
    temporary: str = ""
    handle: int = -1


class FileWriter:
    """Writes batches into one folder. One thread at a time uses it."""

    def __init__(self, root: Path, owner: str, if_exists: IfExists) -> None:
        """`owner` tells our unfinished files from those of other routes; it is stable over restarts."""
        self._root = root
        self._replace = if_exists == "replace"
        self._prefix = f"{TEMPORARY}{owner}-"
        self._numbers = itertools.count()

    def clean_up(self) -> None:
        """Remove what a crash left unfinished. Raises OSError where the folder cannot be used."""
        with Folder.at(self._root) as root:
            for name in root.names():
                if name.startswith(self._prefix):
                    root.remove(name, missing_ok=True)

    def write(self, files: Sequence[NewFile]) -> list[Outcome]:
        """One outcome for each file, in the same order. Never raises OSError."""
        outcomes: list[Outcome] = [None] * len(files)
        try:
            # The root is opened for each batch: a handle that is kept would outlive a mount that went and came back.
            with contextlib.ExitStack() as stack:
                root = stack.enter_context(Folder.at(self._root))
                self._write(root, files, outcomes, stack)
        except OSError as error:
            failed = as_delivery_error(error, str(self._root))
            return [outcome or failed for outcome in outcomes]
        return outcomes

    def _write(
        self, root: Folder, files: Sequence[NewFile], outcomes: list[Outcome], stack: contextlib.ExitStack
    ) -> None:
        folders: dict[tuple[str, ...], Folder] = {(): root}
        staged: dict[int, _Staged] = {}
        for index, file in enumerate(files):
            try:
                above = file.parts[:-1]
                if above not in folders:
                    folders[above] = stack.enter_context(root.inside(above, create=True))
                staged[index] = _Staged(file, folders[above])
                self._stage(root, staged[index], stack)
            except OSError as error:
                staged.pop(index, None)
                outcomes[index] = as_delivery_error(error, "/".join(file.parts))
        sync_files([entry.handle for entry in staged.values()], root.handle)
        for index, entry in staged.items():
            try:
                outcomes[index] = self._place(root, entry)
            except OSError as error:
                outcomes[index] = as_delivery_error(error, "/".join(entry.file.parts))
        for folder in {id(entry.folder): entry.folder for entry in staged.values()}.values():
            os.fsync(folder.handle)

    def _stage(self, root: Folder, entry: _Staged, stack: contextlib.ExitStack) -> None:
        """Write under a temporary name."""
        entry.temporary = f"{self._prefix}{next(self._numbers)}.part"
        entry.handle = os.open(entry.temporary, _NEW, 0o666, dir_fd=root.handle)
        stack.callback(root.remove, entry.temporary, missing_ok=True)
        stack.callback(os.close, entry.handle)
        rest = memoryview(entry.file.body)
        while rest:
            rest = rest[os.write(entry.handle, rest) :]

    def _place(self, root: Folder, entry: _Staged) -> Outcome:
        """Give the real name."""
        name = entry.file.parts[-1]
        size = os.fstat(entry.handle).st_size
        if size != len(entry.file.body):
            return Transient(f"'{name}' has {size} bytes on disk instead of {len(entry.file.body)}")
        if self._replace:
            if _has(entry.folder, name, entry.file.body):
                return _is_there(name)
            root.move(entry.temporary, entry.folder, name)
            return None
        return self._link(root, entry, name)

    def _link(self, root: Folder, entry: _Staged, name: str) -> Outcome:
        """Unlike a rename, a link never replaces what somebody else wrote a moment ago."""
        try:
            os.link(entry.temporary, name, src_dir_fd=root.handle, dst_dir_fd=entry.folder.handle)
        except FileExistsError:
            return _occupied(entry, name)
        except PermissionError:
            # File systems such as FAT have no links.
            if name in entry.folder.names():
                return _occupied(entry, name)
            root.move(entry.temporary, entry.folder, name)
        return None


def _occupied(entry: _Staged, name: str) -> DeliveryError:
    if _has(entry.folder, name, entry.file.body):
        return _is_there(name)
    return Rejected(f"another file '{name}' is there; set 'if_exists: replace', or make the name unique")


def _is_there(name: str) -> Duplicate:
    return Duplicate(f"'{name}' is there with the same content")


def _has(folder: Folder, name: str, body: bytes) -> bool:
    """Whether a regular file of this name has exactly this content."""
    try:
        handle = folder.open_file(name)
    except OSError:
        return False
    with open(handle, "rb") as file:  # noqa: PTH123 - a handle, not a path
        status = os.fstat(handle)
        return stat.S_ISREG(status.st_mode) and status.st_size == len(body) and file.read() == body


def as_delivery_error(error: OSError, name: str) -> DeliveryError:
    """What a fault of the file system means for a delivery."""
    text = f"'{name}' cannot be written: {error.strerror or error}"
    if error.errno in _REJECTED:
        return Rejected(text)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return AuthFailed(text)
    return Transient(text)
