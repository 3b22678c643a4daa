"""The nodes of a NodeSet2 file (OPC UA Part 6, Annex F), as a machine's builder hands it over."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Sequence

from tundish.errors import UnusableFile
from tundish.model import ProjectFile
from tundish_connectors.opcua.addressing.tree import Child, Found, NoSuchNode, ServerTree

_XML = "{http://opcfoundation.org/UA/2011/03/UANodeSet.xsd}"
_HIERARCHICAL = {"Organizes", "HasComponent", "HasProperty", "HasOrderedComponent", "i=35", "i=46", "i=47", "i=49"}
_CONTENT = {f"{_XML}UAObject", f"{_XML}UAVariable"}


class NodesetTree:
    """The tree of a file; its namespaces are counted as the server counts them."""

    def __init__(self, file: ProjectFile, server: ServerTree, spaces: Sequence[str]) -> None:
        """`spaces` are the server's namespaces. Raises UnusableFile."""
        self._server = server
        try:
            root = ET.fromstring(file.read())  # noqa: S314 - as above
        except (OSError, ET.ParseError) as error:
            raise UnusableFile(str(file), f"it is no NodeSet2 file: {error}") from error
        uris = ["", *(each.text or "" for each in root.iterfind(f"{_XML}NamespaceUris/{_XML}Uri"))]
        if absent := [uri for uri in uris[1:] if uri not in spaces]:
            raise UnusableFile(
                str(file), f"the server does not have its namespace {absent[0]}", "load the same model into the server"
            )
        self._indexes = [0, *(spaces.index(uri) for uri in uris[1:])]
        self._children: dict[str, list[Child]] = defaultdict(list)
        self._read(root)

    def _read(self, root: ET.Element) -> None:
        known: dict[str, Child] = {"i=85": Child("i=85", 0, "Objects", is_variable=False)}
        links: list[tuple[str, str]] = [("i=84", "i=85")]
        for element in root:
            if element.tag not in _CONTENT:
                continue
            node = self._node(element.get("NodeId", ""))
            space, _, name = element.get("BrowseName", "").rpartition(":")
            known[node] = Child(node, self._index(space), name, element.tag == f"{_XML}UAVariable")
            for reference in element.iterfind(f"{_XML}References/{_XML}Reference"):
                if reference.get("ReferenceType") in _HIERARCHICAL:
                    other = self._node(reference.text or "")
                    forward = reference.get("IsForward", "true") != "false"
                    links.append((node, other) if forward else (other, node))
        for parent, child in dict.fromkeys(links):
            if child in known:
                self._children[parent].append(known[child])

    def _index(self, text: str) -> int:
        return self._indexes[int(text)] if text.isdecimal() and int(text) < len(self._indexes) else 0

    def _node(self, text: str) -> str:
        space, semicolon, rest = text.strip().partition(";")
        if not semicolon:
            return text.strip()
        index = self._index(space.removeprefix("ns="))
        return f"ns={index};{rest}" if index else rest

    async def children(self, node: str) -> Sequence[Child]:
        """As the file says."""
        return self._children.get(node, ())

    async def by_id(self, address: str) -> Found:
        """As the server says. Raises NoSuchNode."""
        found = await self._server.by_id(address)
        if not any(child.node == found.node for listed in self._children.values() for child in listed):
            raise NoSuchNode(f"the NodeSet2 file has no node '{address}'")
        return found
