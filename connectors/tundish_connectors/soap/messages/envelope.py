"""The envelope around a message: made for 1.1 or 1.2, and opened again. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from tundish_connectors.soap.wsdl.documents import said
from tundish_connectors.soap.wsdl.service import Version

NAMESPACES: Mapping[Version, str] = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
"""One for all: to make a parser takes longer than to read most messages. lxml lets one thread at a time use it."""
_VERSIONS: Mapping[str, Version] = {uri: version for version, uri in NAMESPACES.items()}


class NotSoap(ValueError):
    """Bytes are no envelope; the text says why."""


class OtherVersion(NotSoap):
    """An envelope of a version that nobody knows."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope that came."""

    version: Version
    headers: Sequence[etree._Element]
    body: etree._Element | None
    """The element in the body; None where it is empty."""
    root: etree._Element

    @property
    def namespace(self) -> str:
        """That of the envelope."""
        return NAMESPACES[self.version]


def make_envelope(version: Version, body: etree._Element | None, headers: Sequence[etree._Element]) -> etree._Element:
    """An envelope with a body and headers."""
    namespace = NAMESPACES[version]
    root = etree.Element(f"{{{namespace}}}Envelope", nsmap={"soap": namespace})
    if headers:
        etree.SubElement(root, f"{{{namespace}}}Header").extend(headers)
    inner = etree.SubElement(root, f"{{{namespace}}}Body")
    if body is not None:
        inner.append(body)
    return root


def envelope_bytes(envelope: etree._Element) -> bytes:
    """As it goes over the wire."""
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def content_type(version: Version, action: str = "") -> str:
    """The `Content-Type` of a message; that of 1.2 names the action."""
    if version == "1.1":
        return "text/xml; charset=utf-8"
    return "application/soap+xml; charset=utf-8" + (f'; action="{action}"' if action else "")


def open_envelope(text: bytes) -> Envelope:
    """Read an envelope. Entities, document types and the network are off.

    Raises NotSoap, OtherVersion for an envelope of an unknown version.
    """
    root = _parsed(text)
    name = etree.QName(root)
    if name.localname != "Envelope":
        raise NotSoap(f"the root is {name.localname}, not Envelope")
    version = _VERSIONS.get(name.namespace or "")
    if version is None:
        raise OtherVersion(f"the envelope's namespace '{name.namespace}' is that of no version of SOAP")
    header = root.find(f"{{{name.namespace}}}Header")
    body = root.find(f"{{{name.namespace}}}Body")
    if body is None:
        raise NotSoap("the envelope has no Body")
    inside = [child for child in body if isinstance(child.tag, str)]
    if len(inside) > 1:
        raise NotSoap(f"the Body holds {len(inside)} elements; one is expected")
    headers = [child for child in header if isinstance(child.tag, str)] if header is not None else []
    return Envelope(version, headers, inside[0] if inside else None, root)


def _parsed(text: bytes) -> etree._Element:
    if not text.strip():
        raise NotSoap("there is no envelope")
    try:
        root: etree._Element = etree.fromstring(text, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        where = f"line {error.lineno}: {said(error)}" if isinstance(error, etree.XMLSyntaxError) else str(error)
        raise NotSoap(f"this is not well-formed XML: {where}") from None
    if root.getroottree().docinfo.doctype:
        raise NotSoap("a document type declaration is refused; entities are never read")
    return root
