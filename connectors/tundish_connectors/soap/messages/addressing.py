"""WS-Addressing 1.0: headers that name a message and what it answers. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from lxml import etree

ADDRESSING = "http://www.w3.org/2005/08/addressing"
_ANONYMOUS = f"{ADDRESSING}/anonymous"
_NAMESPACE = uuid.UUID("2f7c6f0e-8d3b-4f0e-9a56-5a2f6a1f3f0b")
"""Makes message ids of idempotency keys; any fixed value would do."""


def message_id(key: str) -> str:
    """The id of a message: the same at every attempt."""
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, key)}"


def request_headers(action: str, to: str, key: str) -> list[etree._Element]:
    """`Action`, `To`, `MessageID` and `ReplyTo` of a request."""
    reply = _element("ReplyTo", "")
    reply.text = None
    etree.SubElement(reply, f"{{{ADDRESSING}}}Address").text = _ANONYMOUS
    return [_element("Action", action), _element("To", to), _element("MessageID", message_id(key)), reply]


def reply_headers(headers: Sequence[etree._Element], action: str) -> list[etree._Element]:
    """What answers a request that had a `MessageID`; nothing where it had none."""
    found = asked_id(headers)
    return [_element("Action", action), _element("RelatesTo", found)] if found else []


def asked_id(headers: Sequence[etree._Element]) -> str:
    """The `MessageID` of a request; empty where it has none."""
    for header in headers:
        if header.tag == f"{{{ADDRESSING}}}MessageID":
            return (header.text or "").strip()
    return ""


def _element(name: str, text: str) -> etree._Element:
    node = etree.Element(f"{{{ADDRESSING}}}{name}", nsmap={"wsa": ADDRESSING})
    node.text = text
    return node
