"""The expressions and texts that a project's authors wrote, as trees with places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tundish.config import Project
from tundish.config.document import Fields, Node, Scalar
from tundish.config.document.nodes import find
from tundish.config.names import values_of
from tundish.faults import Place
from tundish.language import Expression, parse
from tundish.language.syntax import nodes as syntax


@dataclass(frozen=True, slots=True)
class Written:
    """One expression of a project."""

    path: tuple[str | int, ...]
    """Where it stands in its file: `("steps", 0, "filter")`, `("fields", "yield")`."""
    tree: syntax.Node
    scalar: Scalar

    def place(self, node: syntax.Node | None = None) -> Place:
        """Where a part of the expression stands in its file, or all of it."""
        return self.scalar.place if node is None else self.scalar.inside(node.span.offset, node.span.length)

    def nodes(self) -> Iterator[syntax.Node]:
        """Every node of the tree, from the outside in."""
        return walk(self.tree)


def walk(node: syntax.Node) -> Iterator[syntax.Node]:
    """A node and everything below it."""
    yield node
    for child in syntax.children(node):
        yield from walk(child)


def expressions(project: Project, containing: str) -> Iterator[Written]:
    """The expressions in the project's own routes and mappings whose text has something in it.

    Parsing takes the time, so a rule says by what it can tell an expression that it need not look at. Those of the
    library have their own tests.
    """
    for route in project.routes.values():
        for path, _ in values_of(route.fields, Expression):
            yield from _written(path, find(route.node, path)[1], containing)
    for mapping in own(project, project.parts.mappings).values():
        for part in ("let", "fields"):
            below = mapping.get(part)
            for path, scalar in _scalars(below, (part,)) if below is not None else ():
                yield from _written(path, scalar, containing)


def expression_at(project: Project, route: str, *path: str | int) -> Written | None:
    """The expression at a path of a route's file; None where there is none."""
    node = find(project.routes[route].node, path)[1]
    return next(_written(path, node), None)


def own(project: Project, nodes: Mapping[str, Fields]) -> Mapping[str, Fields]:
    """Those that the project itself brings, without the library's."""
    return {name: node for name, node in nodes.items() if (project.root / node.source.file).is_file()}


def _written(path: tuple[str | int, ...], node: Node, containing: str = "") -> Iterator[Written]:
    """The expression; none where YAML read a number or a boolean."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and containing in node.text:
        yield Written(path, parse(node.text), node)


def _scalars(node: Node, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Scalar]]:
    if isinstance(node, Scalar):
        yield path, node
    for name, entry in node.entries.items() if isinstance(node, Fields) else ():
        yield from _scalars(entry.node, (*path, name))
