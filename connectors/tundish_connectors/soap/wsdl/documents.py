"""Reads a WSDL and everything that it imports and includes. All of it lies in the project; nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from lxml import etree

from tundish.errors import UnusableFile
from tundish.model import ProjectFile

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"

ADDRESS = "file:///"
"""In front of names, so that zeep resolves what they name as it does in addresses; it is never opened."""

_REFERENCES = (f"{XSD}import", f"{XSD}include", f"{XSD}redefine")


@dataclass(frozen=True, slots=True)
class SchemaDocument:
    """One schema: a file of its own, or one that stands in a WSDL."""

    name: str
    """The file that holds it."""
    root: etree._Element
    namespace: str


@dataclass(slots=True)
class Documents:
    """Every document of a WSDL."""

    name: str
    """The WSDL itself."""
    texts: dict[str, bytes] = field(default_factory=dict)
    """What each file holds, by its name."""
    roots: dict[str, etree._Element] = field(default_factory=dict)
    """The `definitions` of each WSDL file."""
    inline: list[SchemaDocument] = field(default_factory=list)
    """Schemas that stand in a WSDL."""
    files: dict[str, SchemaDocument] = field(default_factory=dict)
    """Schemas in files of their own, by name."""
    targets: dict[etree._Element, str] = field(default_factory=dict)
    """For each import or include that says where: the file."""

    @property
    def address(self) -> str:
        """The WSDL as an address."""
        return ADDRESS + quote(self.name)

    def load(self, address: str) -> bytes:
        """What zeep asks for. Raises OSError for what was not read before."""
        name = unquote(str(address).removeprefix(ADDRESS))
        if name not in self.texts:
            raise FileNotFoundError(f"{name} is not in the project")
        return self.texts[name]

    def schemas(self) -> Iterator[SchemaDocument]:
        """All of them."""
        yield from self.inline
        yield from self.files.values()


def read_documents(file: ProjectFile) -> Documents:
    """A WSDL with all that belongs to it. Raises UnusableFile, which always names the WSDL itself."""
    documents = Documents(file.name)
    try:
        _read_wsdl(documents, file)
    except UnusableFile as error:
        if error.name == file.name:
            raise
        raise UnusableFile(file.name, f"{error.name}: {error.text}", error.cure) from None
    return documents


def _read_wsdl(documents: Documents, file: ProjectFile) -> None:
    if file.name in documents.roots:
        return
    root = documents.roots[file.name] = _parse(documents, file)
    if root.tag != f"{WSDL}definitions":
        cure = "name a WSDL 1.1 document" if "wsdl" in str(root.tag) else "name the WSDL, not a schema"
        raise UnusableFile(file.name, f"the root is {etree.QName(root).localname}, not wsdl:definitions", cure)
    for node in root.findall(f"{WSDL}import"):
        target = _beside(file, node, "location")
        if target is not None:
            _read_wsdl(documents, target)
    for node in root.iterfind(f"{WSDL}types/{XSD}schema"):
        documents.inline.append(SchemaDocument(file.name, node, node.get("targetNamespace", "")))
        _follow(documents, file, node, node.get("targetNamespace", ""))


def _follow(documents: Documents, file: ProjectFile, schema: etree._Element, namespace: str) -> None:
    """Read what a schema imports and includes."""
    for node in schema.iter(*_REFERENCES):
        target = _beside(file, node, "schemaLocation")
        if target is None:
            continue
        documents.targets[node] = target.name
        if target.name in documents.files:
            continue
        root = _parse(documents, target)
        if root.tag != f"{XSD}schema":
            raise UnusableFile(target.name, f"the root is {etree.QName(root).localname}, not xs:schema")
        # XSD 1.0, 4.2.1: an included schema without a namespace takes that of the one that includes it.
        own = root.get("targetNamespace") or ("" if node.tag == _REFERENCES[0] else namespace)
        documents.files[target.name] = SchemaDocument(target.name, root, own)
        _follow(documents, target, root, own)


def _beside(file: ProjectFile, node: etree._Element, attribute: str) -> ProjectFile | None:
    location = node.get(attribute)
    if location is None:
        return None
    place = f"line {node.sourceline}"
    if "://" in location:
        cure = "keep a copy in the project and name that"
        raise UnusableFile(file.name, f"{place}: {location} is in the network", cure)
    try:
        return file.beside(unquote(location))
    except ValueError as error:
        raise UnusableFile(file.name, f"{place}: {error}", "keep a copy in the project") from None


def _parse(documents: Documents, file: ProjectFile) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        documents.texts[file.name] = text = file.read()
        root: etree._Element = etree.fromstring(text, parser)
    except OSError as error:
        raise UnusableFile(file.name, f"it cannot be read ({error.strerror})", "put it into the project") from None
    except etree.XMLSyntaxError as error:
        raise UnusableFile(file.name, f"line {error.lineno}: {error.msg}") from None
    if root.getroottree().docinfo.doctype:
        raise UnusableFile(file.name, "it has a DOCTYPE", "remove it; entities and document types are never read")
    return root
