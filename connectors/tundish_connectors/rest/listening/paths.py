"""The paths of the routes that share an address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote

from tundish.errors import Misconfigured

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """One method and path, and what listens there."""

    method: str
    path: str
    parts: tuple[str, ...]
    """Literal parts as they are, decoded; names with their braces."""
    value: T

    @property
    def shape(self) -> tuple[str, tuple[str, ...]]:
        """Equal for entries between which no request could choose."""
        return self.method, tuple("{}" if part.startswith("{") else part for part in self.parts)

    def match(self, parts: tuple[str, ...]) -> dict[str, str] | None:
        """The named parts of a path, or None where the path is another one."""
        if len(parts) != len(self.parts):
            return None
        named: dict[str, str] = {}
        for mine, given in zip(self.parts, parts, strict=True):
            if mine.startswith("{"):
                if not given:
                    return None
                named[mine[1:-1]] = given
            elif mine != given:
                return None
        return named


class Paths(Generic[T]):
    """Finds what listens at a path; literal parts go before named ones."""

    def __init__(self) -> None:
        self._entries: list[Entry[T]] = []

    @property
    def entries(self) -> list[Entry[T]]:
        """All of them, the most literal ones first."""
        return list(self._entries)

    def add(self, method: str, path: str, value: T, port: int) -> Entry[T]:
        """Raises Misconfigured where a request could be for this one or for one that is there."""
        parts = tuple(part if part.startswith("{") else unquote(part) for part in path.split("/"))
        entry = Entry(method, path, parts, value)
        for known in self._entries:
            if known.shape == entry.shape:
                raise Misconfigured(f"two routes listen for {method} {path} on port {port}", "change one path")
        self._entries.append(entry)
        self._entries.sort(key=lambda each: [part.startswith("{") for part in each.parts])
        return entry

    def remove(self, entry: Entry[T]) -> None:
        """Harmless for what is not there."""
        if entry in self._entries:
            self._entries.remove(entry)

    def find(self, method: str, path: str) -> tuple[Entry[T], dict[str, str]] | None:
        """What listens for this method at this path, and the named parts."""
        parts = split(path)
        for entry in self._entries:
            if entry.method == method:
                named = entry.match(parts)
                if named is not None:
                    return entry, named
        return None

    def methods(self, path: str) -> list[str]:
        """Methods for which somebody listens at this path."""
        parts = split(path)
        return sorted({entry.method for entry in self._entries if entry.match(parts) is not None})


def split(path: str) -> tuple[str, ...]:
    """The parts of a path, decoded; an encoded slash stays inside its part."""
    if "%" not in path:
        return tuple(path.split("/"))
    return tuple(unquote(part, errors="replace") for part in path.split("/"))
