"""Folders as a peer: whoever drops files, and whoever picks them up."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.conformance.harness_contract import PeerHarness, Produced, Role


class Dropped(Produced):
    """A file in the watched folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name

    @property
    def is_acknowledged(self) -> bool:
        """It was filed away."""
        return any(self._folder.glob(f"done/*/*/*/{self._name}"))


class Harness(PeerHarness):
    """Its power switch is the folder's name: a mount that is gone leaves a path that leads nowhere."""

    waived: ClassVar[Mapping[str, str]] = {
        "test_a_line_that_breaks_loses_nothing": "a folder of this machine has no line",
        "test_a_half_open_line_is_noticed_and_loses_nothing": "a folder of this machine has no line",
        "test_a_slow_line_costs_nothing": "a folder of this machine has no line",
        "test_a_dead_line_is_noticed_within_15_seconds": "a folder of this machine has no line",
    }
    meta: ClassVar[frozenset[str]] = frozenset({"file", "size", "mtime", "sha256"})

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._drop = folder / "drop"
        self._elsewhere = folder / "elsewhere"
        self._elsewhere.mkdir()
        self._numbers = itertools.count()

    async def start(self) -> None:
        """The folder is there."""
        if self._elsewhere.exists():
            self._elsewhere.rename(self._drop)

    async def stop(self) -> None:
        """The folder is gone."""
        if self._drop.exists():
            self._drop.rename(self._elsewhere)

    def connection(self, role: Role) -> Mapping[str, object]:
        """The folder."""
        return {"folder": str(self._drop)}

    def settings(self, role: Role) -> Mapping[str, object]:
        """Impatient, so that the tests are fast."""
        if role == "destination":
            return {"name": "out/{{ id }}.json"}
        return {"pattern": "*.txt", "poll": "20ms", "settle": "0ms", "stable_polls": 1}

    async def produce(self, body: bytes) -> Produced:
        """Drop a file."""
        name = f"{next(self._numbers):05d}.txt"
        (self._drop / f"{name}.tmp").write_bytes(body)
        (self._drop / f"{name}.tmp").rename(self._drop / name)
        return Dropped(self._drop, name)

    async def collected(self) -> list[bytes]:
        """Files by name, which is the order in which they were delivered."""
        return [path.read_bytes() for path in sorted(self._drop.glob("out/*.json"))]
