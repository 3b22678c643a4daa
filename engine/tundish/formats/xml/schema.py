"""Reads an XSD: for validation by lxml, and for the shape of records."""

from __future__ import annotations

from lxml import etree

from tundish.errors import UnusableFile
from tundish.formats.xml.schema_files import (
    XSD,
    SchemaFile,
    SchemaFiles,
    declared_name,
    load_schema_files,
    name_of,
    parse_file,
    tag_of,
)
from tundish.formats.xml.shape import Particle, SchemaShape
from tundish.model import ProjectFile

_LEAF = SchemaShape(leaf=True)
_ANYTHING = SchemaShape()
"""What a part of the schema would declare that is not there."""


class Schema:
    """A schema with everything that it includes."""

    def __init__(self, file: ProjectFile) -> None:
        """Raises UnusableFile where it cannot be read, or contradicts itself."""
        self.name = file.name
        files: SchemaFiles = load_schema_files(file)
        self._declarations = files.declarations
        # By the node itself, which keeps it alive: lxml makes new objects for nodes, and identities are used again.
        self._shapes: dict[etree._Element, SchemaShape] = {}
        try:
            self.validator = etree.XMLSchema(parse_file(file, files.parser()))
        except etree.XMLSchemaParseError as error:
            faults = [f"{name_of(entry.filename)}, line {entry.line}: {entry.message}" for entry in error.error_log]
            raise UnusableFile(file.name, "; ".join(faults) or str(error)) from None

    def elements(self) -> list[str]:
        """The tags of the global elements."""
        return [name for kind, name in self._declarations if kind == "element"]

    def shape(self, tag: str) -> SchemaShape | None:
        """The shape of a global element; None where the schema has no such element."""
        found = self._declarations.get(("element", tag))
        return self._element(*found) if found else None

    # -- shapes -------------------------------------------------------------------------------------------------

    def _element(self, node: etree._Element, document: SchemaFile) -> SchemaShape:
        inline = node.find(f"{XSD}complexType")
        if inline is not None:
            return self._complex(inline, document)
        name = node.get("type")
        if name is None:
            return _LEAF
        tag = declared_name(node, name)
        found = self._declarations.get(("complexType", tag))
        if found is not None:
            return self._complex(*found)
        return _LEAF if tag.startswith(XSD) or ("simpleType", tag) in self._declarations else _ANYTHING

    def _complex(self, node: etree._Element, document: SchemaFile) -> SchemaShape:
        shape = self._shapes.get(node)
        if shape is None:
            children: dict[str, Particle] = {}
            simple = self._collect(node, document, children, repeats=False)
            shape = self._shapes[node] = SchemaShape(children, leaf=simple)
        return shape

    def _collect(self, node: etree._Element, document: SchemaFile, into: dict[str, Particle], *, repeats: bool) -> bool:
        """Gather the children of a content model in order. True where the content is simple."""
        simple = False
        for part in node:
            kind = part.tag.removeprefix(XSD) if isinstance(part.tag, str) else ""
            inner = repeats or _repeats(part)
            if kind == "simpleContent":
                return True
            if kind == "element":
                self._add(part, document, into, repeats=inner)
            elif kind == "group":
                found = self._declarations.get(("group", declared_name(part, part.get("ref", ""))))
                if found:
                    self._collect(*found, into, repeats=inner)
            elif kind in ("sequence", "choice", "all", "complexContent", "restriction"):
                simple |= self._collect(part, document, into, repeats=inner)
            elif kind == "extension":
                base = self._declarations.get(("complexType", declared_name(part, part.get("base", ""))))
                if base:
                    simple |= self._collect(*base, into, repeats=repeats)
                simple |= self._collect(part, document, into, repeats=repeats)
        return simple

    def _add(self, part: etree._Element, document: SchemaFile, into: dict[str, Particle], *, repeats: bool) -> None:
        reference = part.get("ref")
        if reference is not None:
            tag = declared_name(part, reference)
            found = self._declarations.get(("element", tag))
            node, home = found or (part, document)
        else:
            local = part.get("form", "qualified" if document.qualified else "unqualified") == "qualified"
            tag = tag_of(document.namespace if local else "", part.get("name", ""))
            node, home = part, document
        # An element that stands twice in one content model can occur twice.
        into[tag] = Particle(repeats or tag in into, lambda: self._element(node, home))


def _repeats(node: etree._Element) -> bool:
    return node.get("maxOccurs", "1") not in ("0", "1")
