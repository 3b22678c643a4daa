"""The declaration of a connector: what it offers, its settings, its examples, and where its code is."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from tundish.errors import MissingExtra
from tundish.model import Settings
from tundish.sdk.contract import Connection, Destination, Lookup, Source

T = TypeVar("T")

Trait: TypeAlias = Literal["repeats", "answers", "twice", "replaces"]
"""What the linter wants to know about a component with its settings. `repeats`: a source whose peer hands over a unit
again when an acknowledgement was lost. `answers`: a source whose peer waits for an answer, so that the route may reply
after delivery. `twice`: a destination where a message that is sent twice has two effects.
`replaces`: a destination where a message replaces what an earlier one left under the same name, or is refused because
of it."""


def _no_traits(_: Any) -> Collection[Trait]:
    return ()


@dataclass(frozen=True)
class Part(Generic[T]):
    """One of the things a connector offers: settings now, code when it is needed."""

    settings: type[Settings]
    implementation: str
    """`package.module:Class`; imported when the part is first built, so that linting loads no protocol library."""
    example: str
    """YAML of the settings, as a user would write them below the connector's name."""
    traits: Callable[[Any], Collection[Trait]] = _no_traits
    """What is true of this part with the given settings."""
    format: str | Callable[[Any], str] = "json"
    """The format of what it hands over or takes, where a route names none: rows of a table are `ndjson`. A function
    where that depends on the settings."""

    def format_of(self, settings: Settings) -> str:
        """The format where a route names none, with these settings."""
        return self.format if isinstance(self.format, str) else self.format(settings)

    @cached_property
    def cls(self) -> type[T]:
        """The class. Raises ImportError where its dependencies are missing."""
        module, _, name = self.implementation.partition(":")
        loaded: type[T] = getattr(importlib.import_module(module), name)
        return loaded


@dataclass(frozen=True)
class ConnectorSpec:
    """One connector; entry points of the group `tundish.connectors` name these."""

    id: str
    """The key that users write in a route: `mqtt`, `rest`, `file`."""
    summary: str
    connection: Part[Connection[Any]]
    source: Part[Source[Any, Any]] | None = None
    destination: Part[Destination[Any, Any]] | None = None
    lookup: Part[Lookup[Any, Any]] | None = None
    extra: str = ""
    """The extra that brings its protocol library; empty where it needs none."""

    def load(self, part: Part[T]) -> type[T]:
        """The class of a part. Raises MissingExtra with the line to type."""
        try:
            return part.cls
        except ImportError as error:
            raise MissingExtra(f"connector '{self.id}'", self.extra or self.id) from error
