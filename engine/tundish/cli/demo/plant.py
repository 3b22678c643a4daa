"""The door to demonstration plants: what one must offer, and how it is found."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, cast

from tundish.errors import MissingExtra

GROUP = "tundish.demo"
"""Entry points of this group name classes that are a `Plant`."""


class PlantEndpoints(Protocol):
    """Where the peers of a running plant are."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The secrets that the project refers to."""

    def overlay(self) -> str:
        """YAML of a plant overlay that points the project's connections at the peers."""


class SentDocument(Protocol):
    """One business document that the plant handed over, for one destination."""

    @property
    def route(self) -> str: ...
    @property
    def destination(self) -> str: ...
    @property
    def find(self) -> tuple[str, str]: ...


class Plant(Protocol):
    """A simulated plant that keeps its own books."""

    @property
    def project(self) -> str:
        """Name of the example that belongs to it."""

    def running(self, folder: Path) -> AbstractAsyncContextManager[PlantEndpoints]: ...
    async def connected(self, seconds: float) -> None: ...
    async def work(self, messages: int, seed: int, seconds: float, stop: asyncio.Event) -> None: ...
    def untaken(self) -> int:
        """How many units the engine has not taken yet, so that they are not handed over: files in a folder."""

    def expectations(self) -> Sequence[SentDocument]: ...
    def unreadable(self) -> Mapping[str, int]: ...
    def booked(self) -> Mapping[tuple[str, str], Mapping[str, int]]: ...


def find_plant(name: str) -> Plant:
    """A plant that stands still. Raises MissingExtra where its libraries are not installed."""
    (point,) = entry_points(group=GROUP, name=name)
    try:
        return cast("Plant", point.load()())
    except ImportError as error:
        raise MissingExtra(f"the demonstration '{name}'", "demo") from error
