"""A request that came: from bytes to the record of an operation, or the fault that says everything that is wrong.

Pure but for the nonces that the gate remembers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from tundish.faults import Fault
from tundish.model import Value
from tundish_connectors.soap.listening.gate import WSSE, Denied, Gate
from tundish_connectors.soap.messages.addressing import ADDRESSING
from tundish_connectors.soap.messages.envelope import Envelope, NotSoap, OtherVersion, open_envelope
from tundish_connectors.soap.messages.faults import FaultCode
from tundish_connectors.soap.wsdl.service import Operation, Service, Version

_NEXT = {
    "1.1": ("", "http://schemas.xmlsoap.org/soap/actor/next"),
    "1.2": (
        "",
        "http://www.w3.org/2003/05/soap-envelope/role/next",
        "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver",
    ),
}
"""Actors and roles that mean us."""


class Refused(Exception):
    """A request cannot be taken; a fault tells the client."""

    def __init__(
        self,
        code: FaultCode,
        text: str,
        *,
        version: Version | None = None,
        faults: Sequence[Fault] = (),
        wsse: str = "",
    ) -> None:
        super().__init__(text)
        self.code = code
        self.version = version
        """Version of the envelope, where that could be read."""
        self.faults = tuple(faults)
        self.wsse = wsse
        """Code of WS-Security, where that is the matter."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that fits the WSDL."""

    envelope: Envelope
    operation: Operation
    record: Value


def read_request(body: bytes, action: str, service: Service, gate: Gate, now: datetime) -> Request:
    """Raises Refused."""
    try:
        envelope = open_envelope(body)
    except OtherVersion as error:
        raise Refused("VersionMismatch", str(error)) from None
    except NotSoap as error:
        raise Refused("Client", str(error)) from None
    version = envelope.version
    try:
        gate.check(envelope, now)
    except Denied as error:
        raise Refused("Client", str(error), version=version, wsse=error.code) from None
    for header in envelope.headers:
        if _must_be_understood(header, envelope) and not _is_understood(header, gate):
            name = etree.QName(header)
            text = f"the header {name.localname} of '{name.namespace}' is not understood"
            raise Refused("MustUnderstand", text, version=version)
    operation = _operation(envelope, action, service)
    if operation.request is None or envelope.body is None:
        return Request(envelope, operation, {})
    record, faults = service.read(operation.request, envelope.body)
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        text = f"the message does not fit the WSDL: {faults[0].path}: {faults[0].text}{more}"
        raise Refused("Client", text, version=version, faults=faults)
    return Request(envelope, operation, record)


def _must_be_understood(header: etree._Element, envelope: Envelope) -> bool:
    space = envelope.namespace
    actor = header.get(f"{{{space}}}{'actor' if envelope.version == '1.1' else 'role'}") or ""
    return header.get(f"{{{space}}}mustUnderstand") in ("1", "true") and actor in _NEXT[envelope.version]


def _is_understood(header: etree._Element, gate: Gate) -> bool:
    namespace = etree.QName(header).namespace
    return namespace == ADDRESSING or (namespace == WSSE and gate.understands_security)


def _tag_of(operation: Operation) -> str:
    return "" if operation.request is None else str(operation.request.qname.text)


def _operation(envelope: Envelope, action: str, service: Service) -> Operation:
    """By the element in the body; where several operations have the same, by the action."""
    tag = str(envelope.body.tag) if envelope.body is not None else ""
    fitting = [one for one in service.operations.values() if _tag_of(one) == tag]
    named = [one for one in fitting if one.action == action]
    if len(fitting) > 1 and len(named) == 1:
        fitting = named
    if len(fitting) != 1 or fitting[0].obstacle:
        name = etree.QName(tag).localname if tag else "an empty body"
        known = ", ".join(sorted(service.operations))
        raise Refused("Client", f"there is no operation for {name}; there is {known}", version=envelope.version)
    return fitting[0]
