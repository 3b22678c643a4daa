"""What has to be known after a restart: the subscription, its items, and how far the source was."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tundish_connectors.opcua.values.records import Item


@dataclass(slots=True)
class Position:
    """How far a source is; it travels in the cursor of each unit, or in the file where there is no unit."""

    subscription: int = 0
    sequence: int = 0
    """Of the last notification that was made durable."""
    time: str | None = None
    """When the server published it, by its own clock."""
    step: int = 0
    """Grows with each position, so that the newer one of two is known."""
    tags: dict[str, Any] = field(default_factory=dict)
    """State of what values pass through, by the key of the item."""
    holes: dict[str, str] = field(default_factory=dict)
    """Since when something is missing that the history has not brought yet, by client handle; `*` for every item."""

    def encode(self) -> bytes:
        """As a cursor."""
        return json.dumps(asdict(self), separators=(",", ":"), default=str).encode()

    @classmethod
    def decode(cls, cursor: bytes | None) -> Position | None:
        """From a cursor; None where there is none, or one of another kind."""
        try:
            return None if cursor is None else cls(**json.loads(cursor))
        except (ValueError, TypeError):
            return None


@dataclass(slots=True)
class Remembered:
    """The file's content."""

    subscription: int = 0
    handle: int = 0
    """The last client handle that was given away."""
    items: dict[str, list[Any]] = field(default_factory=dict)
    """By key: what `Item` is made of, and the server's own handle."""
    seen: str | None = None
    """When the server was last known to keep the subscription, by its own clock."""
    missing_since: str | None = None
    """A gap whose record, and whose history, is not handed over yet."""
    gap: str = ""
    """Why there is one."""
    position: dict[str, Any] | None = None
    started: str | None = None
    """When the server was started that has the subscription, by its own clock."""
    silent: bool = False
    """It was taken over, and the server never said anything: the next one is made anew."""

    def by_handle(self) -> dict[int, Item]:
        """What each client handle stands for."""
        found = {}
        for values in self.items.values():
            # Files of earlier versions have no queue.
            handle, node, path, name, setting, fields, *queue, _ = values
            found[handle] = Item(handle, node, path, name, setting, tuple(fields), *queue)
        return found


class SubscriptionFile:
    """Keeps it in a folder of ours; every write is on disk when it returns. It blocks for one sync."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "subscription.json"

    def recall(self) -> Remembered | None:
        """None before the first time, and where the file is damaged."""
        try:
            return Remembered(**json.loads(self._file.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def forget(self) -> None:
        """As if there had been none."""
        self._file.unlink(missing_ok=True)

    def remember(self, content: Remembered) -> None:
        """Replace it."""
        unfinished = self._file.with_suffix(".part")
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(asdict(content), file, default=str)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
