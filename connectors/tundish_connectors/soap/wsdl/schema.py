"""Checks XML against the schemas of a WSDL, all of them at once, with every fault and its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from lxml import etree

from tundish.errors import UnusableFile
from tundish.faults import Fault
from tundish_connectors.soap.wsdl.documents import XSD, Documents, SchemaDocument

if TYPE_CHECKING:
    from lxml.etree._docloader import _InputDocument

_SCHEME = "wsdl:"
"""In front of numbers, so that libxml2 has an address for each schema and never opens a file."""
_NAMESPACE = re.compile(r"\{[^{}]*\}")
_UNEXPECTED = re.compile(r"Element '(?:\{([^}]*)\})?([^']*)': This element is not expected\. Expected is (.*)")
_NAME = re.compile(r"(?:\{([^}]*)\})?([\w.-]+)")
_PREFIX = re.compile(r"[\w.-]+:")
_SUBJECT = re.compile(r"^Element '[^']*'(?:, attribute '([^']*)')?: ")
_CURES = (
    ("Missing child element", "send it; the WSDL asks for it"),
    ("This element is not expected", "check its name and its place against the WSDL"),
    ("[facet", "send a value that the WSDL allows"),
    ("is not a valid value", "send a value of that type"),
    ("is required but missing", "send that attribute"),
)
_MOST_FAULTS = 100


class BodySchema:
    """Every schema of a WSDL as one validator. Used by one thread at a time."""

    def __init__(self, documents: Documents, more: Sequence[SchemaDocument] = ()) -> None:
        """`more` are schemas that no file holds. Raises UnusableFile where they contradict themselves."""
        texts, names = _texts(documents, [*documents.schemas(), *more])
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        parser.resolvers.add(_Known(texts))
        try:
            root = etree.fromstring(texts[f"{_SCHEME}all"], parser, base_url=f"{_SCHEME}all")
            self._schema = etree.XMLSchema(root)
        except etree.XMLSchemaParseError as error:
            log = list(error.error_log)[:5]
            found = [f"{names.get(entry.filename, documents.name)}: {_plain(entry.message)}" for entry in log]
            raise UnusableFile(documents.name, "; ".join(found) or str(error)) from None

    def faults(self, element: etree._Element, *, lines: bool = False) -> Sequence[Fault]:
        """Everything that is wrong with an element and what is in it; `lines` where it came as text."""
        if self._schema.validate(element):
            return ()
        found: list[Fault] = []
        seen: set[tuple[str, int]] = set()
        for entry in self._schema.error_log:
            place, text = (entry.path or "", entry.line), _plain(entry.message)
            # A value that breaks a facet is reported a second time as one that is not of its type.
            if place in seen and "is not a valid value of the" in text:
                continue
            seen.add(place)
            cure = next((cure for sign, cure in _CURES if sign in text), "check it against the WSDL")
            where = _path(element, entry.path)
            found.append(Fault(f"line {entry.line}, {where}" if lines else where, text, cure))
        return found[:_MOST_FAULTS]


class _Known(etree.Resolver):
    """Gives the schemas that were read, and no others."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self._texts = texts

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> _InputDocument | None:
        """Called by lxml for each document that another one names. Raises OSError for what is not known."""
        del public_id
        text = self._texts.get(system_url or "")
        if text is None:
            raise FileNotFoundError(f"{system_url} is not in the project")
        return self.resolve_string(text, context, base_url=system_url)


def _texts(documents: Documents, schemas: Sequence[SchemaDocument]) -> tuple[dict[str, bytes], dict[str, str]]:
    """Each schema by its address, with references to addresses, and the names of the files that hold them.

    libxml2 reads one document for each namespace and skips the others, so a namespace with several gets one document
    that includes them, and every import of the namespace leads there.
    """
    addresses = {id(schema): f"{_SCHEME}{number}" for number, schema in enumerate(schemas)}
    of_file = {name: addresses[id(schema)] for name, schema in documents.files.items()}
    included = {name for node, name in documents.targets.items() if node.tag != f"{XSD}import"}
    spaces: dict[str, list[str]] = {}
    for schema in schemas:
        if schema.name not in included or documents.files.get(schema.name) is not schema:
            spaces.setdefault(schema.namespace, []).append(addresses[id(schema)])
    texts: dict[str, bytes] = {}
    entrances: dict[str, str] = {}
    for number, (namespace, found) in enumerate(spaces.items()):
        entrances[namespace] = found[0]
        if len(found) > 1:
            entrances[namespace] = f"{_SCHEME}namespace-{number}"
            texts[entrances[namespace]] = _including(namespace, found)
    for schema in schemas:
        texts[addresses[id(schema)]] = _rewritten(documents, schema, of_file, entrances)
    texts[f"{_SCHEME}all"] = _importing(entrances)
    return texts, {addresses[id(schema)]: schema.name for schema in schemas}


def _rewritten(
    documents: Documents, schema: SchemaDocument, of_file: Mapping[str, str], entrances: Mapping[str, str]
) -> bytes:
    # Written and read again, it keeps the prefixes that the WSDL around it declares; a copy would lose them.
    copy = etree.fromstring(etree.tostring(schema.root, with_tail=False))
    for node, original in zip(copy.iter(), schema.root.iter(), strict=True):
        if original.tag == f"{XSD}import":
            entrance = entrances.get(original.get("namespace", ""))
            if entrance is not None:
                node.set("schemaLocation", entrance)
        elif original in documents.targets:
            node.set("schemaLocation", of_file[documents.targets[original]])
    return etree.tostring(copy)


def _including(namespace: str, addresses: Sequence[str]) -> bytes:
    target = f" targetNamespace={quoteattr(namespace)}" if namespace else ""
    parts = "".join(f"<include schemaLocation={quoteattr(address)}/>" for address in addresses)
    return f"<schema xmlns={quoteattr(XSD[1:-1])}{target}>{parts}</schema>".encode()


def _importing(entrances: Mapping[str, str]) -> bytes:
    parts = "".join(
        f"<import{f' namespace={quoteattr(space)}' if space else ''} schemaLocation={quoteattr(address)}/>"
        for space, address in entrances.items()
    )
    return f'<schema xmlns={quoteattr(XSD[1:-1])} targetNamespace="urn:tundish:all">{parts}</schema>'.encode()


def _plain(message: str) -> str:
    """libxml2's words without namespaces, and without the element, which the path names."""
    stranger = _UNEXPECTED.match(message)
    if stranger is not None:
        namespace, name = stranger[1] or "", stranger[2]
        wanted = [one[1] or "" for one in _NAME.finditer(stranger[3]) if one[2] == name and (one[1] or "") != namespace]
        if wanted:
            return f"it is in the namespace '{namespace}', and the WSDL has it in '{wanted[0]}'"
    text = _NAMESPACE.sub("", message).rstrip(". ")
    return _SUBJECT.sub(lambda match: f"attribute '{match[1]}': " if match[1] else "", text)


def _path(element: etree._Element, path: str | None) -> str:
    """The path that libxml2 tells (`/b:Order/*[2]`), in the names of the elements and without prefixes."""
    _, _, inside = (path or "").strip("/").partition("/")
    if not inside:
        return etree.QName(element).localname
    prefixes = {prefix: uri for prefix, uri in element.nsmap.items() if prefix}
    try:
        found = element.xpath(inside, namespaces=prefixes)
    except etree.XPathError:
        found = None
    node = next(iter(found), None) if isinstance(found, list) else None
    if isinstance(node, etree._Element):  # noqa: SLF001 - the type that lxml's own hints name
        return path_of(node, element)
    return _PREFIX.sub("", f"{etree.QName(element).localname}/{inside}")


def path_of(node: etree._Element, top: etree._Element) -> str:
    """`BookConfirmation/line[2]/qty`: the way from an element to one that is inside."""
    steps: list[str] = []
    at: etree._Element | None = node
    while at is not None:
        parent = at.getparent() if at is not top else None
        same = [child for child in parent if child.tag == at.tag] if parent is not None else []
        place = f"[{same.index(at) + 1}]" if len(same) > 1 else ""
        steps.append(etree.QName(at).localname + place)
        at = parent
    return "/".join(reversed(steps))
