"""Loads a schema and the schemas that it includes and imports.

They are files beside it. Nothing is fetched: a schema that names an address in the network is refused. Large standards
are often handed on in parts; what a part that is not there would declare accepts anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, unquote
from xml.sax.saxutils import quoteattr

from lxml import etree

from tundish.errors import UnusableFile
from tundish.model import ProjectFile

if TYPE_CHECKING:
    from lxml.etree._docloader import _InputDocument

_ADDRESS = "project:///"
"""In front of names, so that libxml2 resolves what they name as it does in addresses, and never opens a file."""

XSD = "{http://www.w3.org/2001/XMLSchema}"

Kind = Literal["element", "complexType", "simpleType", "group"]

_REFERENCES: Mapping[str, tuple[Kind, ...]] = {
    "type": ("complexType", "simpleType"),
    "base": ("complexType", "simpleType"),
    "ref": ("element",),
}


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """One schema file."""

    root: etree._Element
    namespace: str
    qualified: bool
    """Local elements are in the namespace (`elementFormDefault`)."""


@dataclass(slots=True)
class SchemaFiles:
    """Every file of a schema, and what they declare globally."""

    declarations: dict[tuple[Kind, str], tuple[etree._Element, SchemaFile]] = field(default_factory=dict)
    """By kind and tag: `{namespace}name`, or the bare name where there is no namespace."""
    files: list[SchemaFile] = field(default_factory=list)
    texts: dict[str, bytes] = field(default_factory=dict)
    """What each file holds, by its name."""
    absent: dict[str, str] = field(default_factory=dict)
    """Name of each file that is included and not there, and the namespace that it would declare."""

    def parser(self) -> etree.XMLParser:
        """A parser that finds included files, and what stands for those that are absent."""
        return resolving_parser({**self.texts, **self._stand_ins()})

    def _stand_ins(self) -> dict[str, bytes]:
        """For the first absent file of each namespace: all that is used and that no file declares."""
        undeclared = sorted({found for file in self.files for found in self._undeclared(file)})
        texts: dict[str, bytes] = {}
        done: set[str] = set()
        for path, namespace in self.absent.items():
            names = [one for one in undeclared if one[1] == tag_of(namespace, _local(one[1])) and namespace not in done]
            done.add(namespace)
            texts[path] = _stand_in(namespace, names).encode()
        return texts

    def _undeclared(self, file: SchemaFile) -> list[tuple[Kind, str]]:
        found: list[tuple[Kind, str]] = []
        for node in file.root.iter():
            if not isinstance(node.tag, str):
                continue
            for attribute, kinds in _REFERENCES.items():
                value = node.get(attribute)
                if value is None or (attribute == "ref" and node.tag != f"{XSD}element"):
                    continue
                name = declared_name(node, value)
                if name.startswith(XSD) or any((kind, name) in self.declarations for kind in kinds):
                    continue
                found.append((kinds[0], name))
        return found


class _Known(etree.Resolver):
    """Gives the documents that were read, and no others: nothing is fetched, from no disk and no network."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self._texts = texts

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> _InputDocument | None:
        """Called by lxml for each document that another one names. Raises OSError for what is not known."""
        del public_id
        name = name_of(system_url or "")
        if name not in self._texts:
            raise FileNotFoundError(f"{name} is not in the project")
        return self.resolve_string(self._texts[name], context, base_url=system_url)


def _stand_in(namespace: str, names: Sequence[tuple[Kind, str]]) -> str:
    """A schema that declares these names so that they accept anything."""
    content = '<sequence><any processContents="skip" minOccurs="0" maxOccurs="unbounded"/></sequence>'
    content += '<anyAttribute processContents="skip"/>'
    target = f" targetNamespace={quoteattr(namespace)}" if namespace else ""
    parts = [f"<schema xmlns={quoteattr(XSD[1:-1])}{target}>"]
    for kind, name in names:
        local = quoteattr(_local(name))
        element = f"<element name={local}/>"
        parts.append(element if kind == "element" else f"<complexType name={local}>{content}</complexType>")
    return "".join([*parts, "</schema>"])


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def load_schema_files(file: ProjectFile) -> SchemaFiles:
    """Read a schema with all that it includes. Raises UnusableFile, which always names the schema itself."""
    files = SchemaFiles()
    try:
        _load(files, file, "")
    except UnusableFile as error:
        if error.name == file.name:
            raise
        raise UnusableFile(file.name, f"{error.name}: {error.text}", error.cure) from None
    return files


def declared_name(node: etree._Element, name: str) -> str:
    """A qualified name in a schema, such as `b:IDType`, as the tag of an element."""
    prefix, _, local = name.rpartition(":")
    return tag_of(node.nsmap.get(prefix or None, ""), local)


def tag_of(namespace: str, name: str) -> str:
    """`{namespace}name`, or the bare name where there is no namespace."""
    return f"{{{namespace}}}{name}" if namespace else name


def safe_parser() -> etree.XMLParser:
    """Entities and network off, libxml2's own limits on depth and size in force."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def name_of(address: str) -> str:
    """The file that an address of libxml2 means."""
    return unquote(address.removeprefix(_ADDRESS))


def resolving_parser(texts: Mapping[str, bytes]) -> etree.XMLParser:
    """A safe parser for which documents name each other, by what they hold."""
    parser = safe_parser()
    parser.resolvers.add(_Known(texts))
    return parser


def parse_file(file: ProjectFile, parser: etree.XMLParser) -> etree._Element:
    """The root of a project's file. Raises UnusableFile."""
    try:
        return etree.fromstring(file.read(), parser, base_url=_ADDRESS + quote(file.name))
    except OSError as error:
        raise UnusableFile(file.name, f"it cannot be read ({error.strerror})") from None
    except etree.XMLSyntaxError as error:
        raise UnusableFile(file.name, f"line {error.lineno}: {error.msg}") from None


def _load(files: SchemaFiles, source: ProjectFile, chameleon: str) -> None:
    if source.name in files.texts:
        return
    root = parse_file(source, safe_parser())
    files.texts[source.name] = source.read()
    if root.tag != f"{XSD}schema":
        raise UnusableFile(source.name, f"the root is {root.tag!s}, not xs:schema")
    # XSD 1.0, 4.2.1: an included schema without a namespace takes that of the one that includes it.
    namespace = root.get("targetNamespace") or chameleon
    file = SchemaFile(root, namespace, root.get("elementFormDefault") == "qualified")
    files.files.append(file)
    kinds: Sequence[Kind] = ("element", "complexType", "simpleType", "group")
    for node in root:
        name = node.tag.removeprefix(XSD) if isinstance(node.tag, str) else ""
        for kind in kinds:
            if name == kind:
                files.declarations.setdefault((kind, tag_of(namespace, node.get("name") or "")), (node, file))
        if name in ("include", "import"):
            _follow(files, node, source, namespace)


def _follow(files: SchemaFiles, node: etree._Element, source: ProjectFile, own: str) -> None:
    included = node.tag == f"{XSD}include"
    location = node.get("schemaLocation")
    if location is None:
        return
    if "://" in location:
        cure = "keep a copy in the project and name that"
        raise UnusableFile(source.name, f"line {node.sourceline}: {location} is in the network", cure)
    try:
        target = source.beside(unquote(location))
    except ValueError as error:
        raise UnusableFile(source.name, f"line {node.sourceline}: {error}", "keep a copy in the project") from None
    if target.exists():
        _load(files, target, own if included else "")
    else:
        files.absent[target.name] = own if included else node.get("namespace", "")
