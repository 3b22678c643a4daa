"""The WSDL as clients fetch it: with our address in it, and references that lead back to us. Pure."""

from __future__ import annotations

import posixpath
from urllib.parse import quote, unquote

from lxml import etree

from tundish_connectors.soap.wsdl.documents import WSDL, XSD, Documents

_ADDRESSES = (
    "{http://schemas.xmlsoap.org/wsdl/soap/}address",
    "{http://schemas.xmlsoap.org/wsdl/soap12/}address",
)
_SCHEMA_REFERENCES = (f"{XSD}import", f"{XSD}include", f"{XSD}redefine")


def published(documents: Documents, name: str, address: str) -> bytes | None:
    """A document of the WSDL for clients that reach us at an address; None where there is none of this name."""
    name = name or documents.name
    text = documents.texts.get(name)
    if text is None:
        return None
    root = etree.fromstring(text, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    for node in root.iter(*_ADDRESSES):
        node.set("location", address)
    for node in root.iter(*_SCHEMA_REFERENCES):
        _lead_back(node, "schemaLocation", name, address)
    for node in root.iter(f"{WSDL}import"):
        _lead_back(node, "location", name, address)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _lead_back(node: etree._Element, attribute: str, name: str, address: str) -> None:
    location = node.get(attribute)
    if location is not None:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(location)))
        node.set(attribute, f"{address}?wsdl={quote(target)}")
