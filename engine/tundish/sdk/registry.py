"""Which connectors and formats are installed: found through entry points, loaded only when used.

A distribution offers them in its `pyproject.toml`; the built-in ones use the same door:

    [project.entry-points."tundish.connectors"]
    scale = "acme_scales:SPEC"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from tundish.errors import AmbiguousComponent
from tundish.formats.contract import FormatSpec
from tundish.sdk.spec import ConnectorSpec

CONNECTORS = "tundish.connectors"
FORMATS = "tundish.formats"

T = TypeVar("T", ConnectorSpec, FormatSpec)


class Installed(Mapping[str, T], Generic[T]):
    """Names to declarations. Names cost nothing; a declaration is imported when it is asked for, once."""

    def __init__(self, group: str, points: Mapping[str, EntryPoint]) -> None:
        self._group = group
        self._points = points
        self._loaded: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        """Raises KeyError where no such component is installed."""
        if name not in self._loaded:
            self._loaded[name] = self._points[name].load()
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._points

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)

    def __repr__(self) -> str:
        return f"Installed({self._group}: {', '.join(self._points)})"


@dataclass(frozen=True, slots=True)
class Registry:
    """The components that a project may use."""

    connectors: Mapping[str, ConnectorSpec]
    formats: Mapping[str, FormatSpec]


def points_by_name(group: str, points: tuple[EntryPoint, ...]) -> Mapping[str, EntryPoint]:
    """Entry points by name, sorted. Raises AmbiguousComponent where two different ones share a name."""
    found: dict[str, EntryPoint] = {}
    for point in points:
        known = found.setdefault(point.name, point)
        # An editable install beside its build may list the same entry point twice; that is no conflict.
        if known.value != point.value:
            raise AmbiguousComponent(group, point.name, (known.value, point.value))
    return dict(sorted(found.items()))


@lru_cache(maxsize=1)
def installed() -> Registry:
    """Everything that is installed. Raises AmbiguousComponent."""
    return Registry(
        connectors=Installed[ConnectorSpec](
            CONNECTORS, points_by_name(CONNECTORS, tuple(entry_points(group=CONNECTORS)))
        ),
        formats=Installed[FormatSpec](FORMATS, points_by_name(FORMATS, tuple(entry_points(group=FORMATS)))),
    )


def installed_connectors() -> Mapping[str, ConnectorSpec]:
    """Every installed connector by the key that routes use. Raises AmbiguousComponent."""
    return installed().connectors


def installed_formats() -> Mapping[str, FormatSpec]:
    """Every installed format by the name that routes use. Raises AmbiguousComponent."""
    return installed().formats


def connector(name: str) -> ConnectorSpec:
    """One connector. Raises KeyError where it is not installed."""
    return installed_connectors()[name]


def recognising(head: bytes) -> list[tuple[float, FormatSpec]]:
    """The installed formats that know a unit with this beginning, and how sure they are; the surest first."""
    found = [(spec.recognise(head), spec) for spec in installed_formats().values() if spec.recognise is not None]
    return sorted(((sure, spec) for sure, spec in found if sure > 0), key=lambda one: (-one[0], one[1].id))
