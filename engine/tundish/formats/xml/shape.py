"""What a schema says of an element: which children it has, in what order, and which of them are lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Protocol


class Shape(Protocol):
    """The shape of one element, seen from its parent."""

    @property
    def known(self) -> bool:
        """Whether a schema stands behind it; without one nothing is checked and order is as given."""

    @property
    def leaf(self) -> bool:
        """It has text and no children, whatever a sample shows."""

    def repeats(self, tag: str) -> bool:
        """Whether a child may occur more than once."""

    def child(self, tag: str) -> Shape:
        """The shape of a child; `tag` is `{namespace}name`."""

    def position(self, tag: str) -> int:
        """Where a child stands among its siblings; the same for all where order is as given."""

    def tags(self) -> tuple[str, ...]:
        """The children that are known, in order."""


@dataclass(frozen=True, slots=True)
class DeclaredShape:
    """Without a schema: what is listed in `lists` repeats, everywhere."""

    lists: tuple[str, ...] = ()
    """Names or patterns (`E1*`) of local names."""
    single: tuple[str, ...] = ()
    """Local names that a pattern in `lists` would match, and that still occur only once."""
    known: bool = False
    leaf: bool = False

    def repeats(self, tag: str) -> bool:
        """Whether the local name is declared as a list."""
        name = tag.rpartition("}")[2]
        return name not in self.single and any(fnmatchcase(name, pattern) for pattern in self.lists)

    def child(self, tag: str) -> DeclaredShape:
        """The same rules hold below."""
        del tag
        return self

    def position(self, tag: str) -> int:
        """Order is as given."""
        del tag
        return 0

    def tags(self) -> tuple[str, ...]:
        """None is known."""
        return ()


@dataclass(frozen=True, slots=True)
class Particle:
    """One child in a schema's content model."""

    repeats: bool
    shape: Callable[[], SchemaShape]


@dataclass(frozen=True, slots=True, eq=False)
class SchemaShape:
    """One type of a schema."""

    children: Mapping[str, Particle] = field(default_factory=dict)
    leaf: bool = False
    known: bool = True

    def repeats(self, tag: str) -> bool:
        """Whether the schema allows the child more than once."""
        particle = self.children.get(tag)
        return particle is not None and particle.repeats

    def child(self, tag: str) -> SchemaShape:
        """The child's own shape; one without children where the schema does not know it (validation tells that)."""
        particle = self.children.get(tag)
        return particle.shape() if particle is not None else _UNKNOWN

    def position(self, tag: str) -> int:
        """The child's place in the content model; unknown ones come last."""
        for at, name in enumerate(self.children):
            if name == tag:
                return at
        return len(self.children)

    def tags(self) -> tuple[str, ...]:
        """The children in the order of the content model."""
        return tuple(self.children)


_UNKNOWN = SchemaShape()
