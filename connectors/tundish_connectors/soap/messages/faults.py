"""SOAP faults of both versions: one that came as data, and one to be sent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from tundish.faults import Fault
from tundish.model import Record, Value
from tundish_connectors.soap.messages.envelope import NAMESPACES
from tundish_connectors.soap.wsdl.service import Version

FaultCode = Literal["Client", "Server", "VersionMismatch", "MustUnderstand"]
"""Codes in the words of 1.1; `Sender` and `Receiver` are those of 1.2."""

DETAIL = "urn:tundish:faults"
"""Namespace of the faults that we list in a `detail`."""

_CODES_1_2 = {"Client": "Sender", "Server": "Receiver"}
_CODES_1_1 = {new: old for old, new in _CODES_1_2.items()}
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class SoapFault:
    """A fault that came."""

    code: str
    """`Client`, `Server` …; the first word of `Client.Authentication`."""
    subcode: str
    """What stands behind the first word, or the subcode of 1.2, without its prefix."""
    reason: str
    actor: str
    detail: Value
    """What stands in the detail, as data; null where there is none."""

    @property
    def facts(self) -> Record:
        """For the conditions by which a route classifies an answer."""
        return {
            "code": self.code,
            "subcode": self.subcode,
            "reason": self.reason,
            "actor": self.actor,
            "detail": self.detail,
        }


def is_fault(node: etree._Element, version: Version) -> bool:
    """Whether the element of a body is a fault."""
    return bool(node.tag == f"{{{NAMESPACES[version]}}}Fault")


def read_fault(node: etree._Element, version: Version) -> SoapFault:
    """What a fault says; servers leave out much of it."""
    space = f"{{{NAMESPACES[version]}}}"
    if version == "1.2":
        code = _local(node.findtext(f"{space}Code/{space}Value"))
        return SoapFault(
            code=_CODES_1_1.get(code, code),
            subcode=_local(node.findtext(f"{space}Code/{space}Subcode/{space}Value")),
            reason=_text(node.findtext(f"{space}Reason/{space}Text")),
            actor=_text(node.findtext(f"{space}Role")),
            detail=_detail(node.find(f"{space}Detail")),
        )
    # Children have no namespace in 1.1, and some servers give them one all the same.
    found = {etree.QName(child).localname: child for child in node if isinstance(child.tag, str)}
    code, _, subcode = _local(_text_of(found.get("faultcode"))).partition(".")
    return SoapFault(
        code=code,
        subcode=subcode,
        reason=_text_of(found.get("faultstring")),
        actor=_text_of(found.get("faultactor")),
        detail=_detail(found.get("detail")),
    )


def make_fault(
    version: Version, code: FaultCode, reason: str, faults: Sequence[Fault] = (), wsse: str = ""
) -> etree._Element:
    """The element of a body that tells a client what is wrong; every fault is listed in the detail.

    `wsse` is a code of WS-Security, which is the code itself in 1.1 and a subcode in 1.2.
    """
    space = NAMESPACES[version]
    node = etree.Element(f"{{{space}}}Fault", nsmap={"soap": space, "wsse": _WSSE})
    if version == "1.2":
        outer = etree.SubElement(node, f"{{{space}}}Code")
        etree.SubElement(outer, f"{{{space}}}Value").text = f"soap:{_CODES_1_2.get(code, code)}"
        if wsse:
            inner = etree.SubElement(outer, f"{{{space}}}Subcode")
            etree.SubElement(inner, f"{{{space}}}Value").text = f"wsse:{wsse}"
        text = etree.SubElement(etree.SubElement(node, f"{{{space}}}Reason"), f"{{{space}}}Text")
        text.set(_XML_LANG, "en")
        text.text = _printable(reason)
    else:
        etree.SubElement(node, "faultcode").text = f"wsse:{wsse}" if wsse else f"soap:{code}"
        etree.SubElement(node, "faultstring").text = _printable(reason)
    if faults:
        name = f"{{{space}}}Detail" if version == "1.2" else "detail"
        listed = etree.SubElement(etree.SubElement(node, name), f"{{{DETAIL}}}faults", nsmap={"t": DETAIL})
        for fault in faults:
            one = etree.SubElement(listed, f"{{{DETAIL}}}fault")
            for field, value in (("where", fault.path), ("text", fault.text), ("cure", fault.cure)):
                etree.SubElement(one, f"{{{DETAIL}}}{field}").text = _printable(value)
    return node


def _detail(node: etree._Element | None) -> Value:
    return _data(node) if node is not None else None


def _data(node: etree._Element) -> Value:
    """Elements as objects of their local names, what occurs again as a list, and texts."""
    children = [child for child in node if isinstance(child.tag, str)]
    if not children:
        return (node.text or "").strip()
    record: Record = {}
    for child in children:
        name, value = etree.QName(child).localname, _data(child)
        held = record.get(name)
        if name not in record:
            record[name] = value
        else:
            record[name] = [*held, value] if isinstance(held, list) else [held, value]
    return record


def _text(value: str | None) -> str:
    return (value or "").strip()


def _text_of(node: etree._Element | None) -> str:
    return "" if node is None else "".join(str(part) for part in node.itertext()).strip()


def _local(name: str | None) -> str:
    return _text(name).rpartition(":")[2]


def _printable(text: str) -> str:
    """XML carries no control characters, and a fault may quote some."""
    return "".join(character if character >= " " or character in "\t\n" else "?" for character in text)
