"""Finds the nodes that a route names: by browsing the server, or in a NodeSet2 file of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

from asyncua import ua

from tundish_connectors.opcua.addresses import escaped, is_node_id, named, segments
from tundish_connectors.opcua.session import Session
from tundish_connectors.opcua.values.plain import node_text

_DEEPEST = 20
_MOST = 100_000
"""Nodes below one wildcard; a server that refers in circles ends there."""
ROOT = "i=84"


@dataclass(frozen=True, slots=True)
class Child:
    """A node below another one."""

    node: str
    space: int
    name: str
    is_variable: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A node that a route named."""

    node: str
    path: str
    name: str


class NoSuchNode(Exception):
    """A path or NodeId leads nowhere; the text says which part, and what is near."""


class Tree(Protocol):
    """Something that knows which nodes are below a node."""

    async def children(self, node: str) -> Sequence[Child]:
        """The nodes below a node, in the server's order."""

    async def by_id(self, address: str) -> Found:
        """The node of a NodeId. Raises NoSuchNode."""


class ServerTree:
    """Browses a server; asks for the children of a node once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, Sequence[Child]] = {}
        self._spaces: list[str] | None = None

    async def children(self, node: str) -> Sequence[Child]:
        """By hierarchical references."""
        if node not in self._known:
            found = await self._session.node(node).get_references(
                ua.ObjectIds.HierarchicalReferences, ua.BrowseDirection.Forward
            )
            self._known[node] = [
                Child(
                    node_text(each.NodeId),
                    each.BrowseName.NamespaceIndex,
                    each.BrowseName.Name,
                    each.NodeClass == ua.NodeClass.Variable,
                )
                for each in found
            ]
        return self._known[node]

    async def spaces(self) -> list[str]:
        """URIs of the server's namespaces, by their index."""
        if self._spaces is None:
            self._spaces = list(await self._session.client.get_namespace_array())
        return self._spaces

    async def by_id(self, address: str) -> Found:
        """`nsu=` becomes the index that the server has for it now."""
        node = address
        if address.startswith("nsu="):
            uri, _, rest = address[4:].partition(";")
            spaces = await self.spaces()
            if uri not in spaces:
                near = get_close_matches(uri, spaces, n=1)
                hint = f"; did you mean '{near[0]}'?" if near else ""
                raise NoSuchNode(f"the server has no namespace '{uri}'{hint}")
            node = f"ns={spaces.index(uri)};{rest}"
        try:
            parsed = ua.NodeId.from_string(node)
            name = await self._session.node(parsed).read_browse_name()
        except (ua.uaerrors.UaError, ValueError) as error:
            raise NoSuchNode(f"the server has no node '{address}' ({error.__class__.__name__})") from error
        return Found(node_text(parsed), address, str(name.Name))


async def find(tree: Tree, address: str) -> list[Found]:
    """Every node that an address means. Raises NoSuchNode."""
    if is_node_id(address):
        return [await tree.by_id(address)]
    names = segments(address)
    stars = names[-1] if set(names[-1]) == {"*"} else ""
    node, walked = ROOT, ""
    for segment in names[: len(names) - bool(stars)]:
        node = (await _step(tree, node, walked, segment)).node
        walked = f"{walked}/{escaped(segment)}" if walked else escaped(segment)
    if not stars:
        return [Found(node, address, named(names[-1])[1])]
    found = await _variables(tree, node, walked, _DEEPEST if stars == "**" else 1)
    if not found:
        raise NoSuchNode(f"there is no variable below '{walked}'")
    return found


async def _step(tree: Tree, node: str, walked: str, segment: str) -> Child:
    space, name = named(segment)
    children = await tree.children(node)
    for child in children:
        if child.name == name and space in {None, child.space}:
            return child
        if child.name == segment:
            return child
    near = get_close_matches(name, [child.name for child in children], n=3)
    hint = f"; did you mean {' or '.join(repr(each) for each in near)}?" if near else ""
    raise NoSuchNode(f"there is no '{segment}' below '{walked or 'the root'}'{hint}")


async def _variables(tree: Tree, node: str, walked: str, depth: int) -> list[Found]:
    """Variables below a node, breadth first; properties of a variable are none."""
    found: dict[str, Found] = {}
    level = [(node, walked)]
    for _ in range(depth):
        below: list[tuple[str, str]] = []
        for parent, path in level:
            for child in await tree.children(parent):
                inner = f"{path}/{escaped(child.name)}"
                if child.is_variable:
                    found.setdefault(child.node, Found(child.node, inner, child.name))
                else:
                    below.append((child.node, inner))
        if not below or len(found) + len(below) > _MOST:
            break
        level = below
    return list(found.values())
