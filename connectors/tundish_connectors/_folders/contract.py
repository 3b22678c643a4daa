"""A folder as the claim logic sees it. Connectors implement it for the folders that they reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stamp:
    """By what a change of a file is noticed."""

    modified: int
    """Nanoseconds since 1970; some servers know no more than the second."""
    size: int
    inode: int
    """0 where nobody tells."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file as it was read."""

    before: Stamp
    after: Stamp
    """The stamps around the reading; where they differ, somebody wrote meanwhile."""
    sha256: str
    """Empty where the file is too large to be read."""
    body: bytes | Path
    """A path of this machine where the file is to be read in a stream."""


class Folder(Protocol):
    """One folder, held open. Everything raises OSError; FileNotFoundError means a file that is gone."""

    async def look(self, wanted: Callable[[str], bool]) -> Mapping[str, Stamp | None]:
        """Every name in it; None for those that are not wanted, and for what is no regular file.

        Raises NotConnected where its path leads to another folder now.
        """

    async def has(self, name: str) -> bool:
        """Whether anything has this name."""

    async def move(self, name: str, to: Self, new_name: str) -> None:
        """Rename into another folder of the same file system, in one step."""

    async def remove(self, name: str) -> None:
        """Delete a file; that it is gone already is no fault."""

    async def write(self, name: str, content: bytes) -> None:
        """Write a small file, over whatever was there."""

    async def read(self, name: str, *, stream_above: int, largest: int) -> Content:
        """Read a file; its body is empty above `largest`, and a path above `stream_above`.

        Raises PermissionError where this user may not read it.
        """

    async def done_with(self, content: Content) -> None:
        """Nobody reads this content any more."""

    async def inside(self, parts: Sequence[str]) -> Self:
        """A folder below this one, made where it is absent."""

    async def close(self) -> None:
        """Give back what it holds."""


class Step(Protocol):
    """Runs one step of the claim logic where the folder's operations belong, e.g. in a thread.

    Raises FileNotFoundError for a file that is gone, and what means a lost source for everything else.
    """

    def __call__(self, step: Coroutine[Any, Any, T]) -> Awaitable[T]: ...
