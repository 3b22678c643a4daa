"""Opens what a service answered: data, a fault, or why it is neither. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tundish.faults import Fault
from tundish.model import Value
from tundish_connectors.soap.calling.answers import Reply
from tundish_connectors.soap.calling.wire import HttpAnswer
from tundish_connectors.soap.messages.envelope import NotSoap, open_envelope
from tundish_connectors.soap.messages.faults import SoapFault, is_fault, read_fault
from tundish_connectors.soap.wsdl.service import Operation, Service

_SHOWN = 2000
"""Bytes of an answer that are kept for people."""


class _Unreadable(Exception):
    """There is neither a value nor a fault."""

    def __init__(self, text: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(text)
        self.faults = faults


def reply_of(answer: HttpAnswer, operation: Operation, service: Service, *, check: bool) -> Reply:
    """What an answer says, whatever it is; `check` compares it with the WSDL."""
    value: Value = None
    fault: SoapFault | None = None
    problem, faults = "", tuple[Fault, ...]()
    try:
        found = _opened(answer, operation, service, check=check)
        value, fault = (None, found) if isinstance(found, SoapFault) else (found, None)
    except _Unreadable as error:
        problem, faults = str(error), tuple(error.faults)
    text = "" if answer.body is None else answer.body[:_SHOWN].decode("utf-8", "replace")
    return Reply(answer.status, answer.reason, answer.headers, value, fault, problem, faults, text)


def _opened(answer: HttpAnswer, operation: Operation, service: Service, *, check: bool) -> Value | SoapFault:
    """Raises _Unreadable."""
    if answer.body is None:
        raise _Unreadable("the answer is longer than 'largest_answer'")
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/related":
        raise _Unreadable("the answer carries attachments (MTOM, SwA), which are not supported")
    if not answer.body.strip() and (operation.is_one_way or operation.response is None):
        return None
    try:
        envelope = open_envelope(answer.body)
    except NotSoap as error:
        raise _Unreadable(f"the answer is no SOAP envelope: {error}") from None
    body, wanted = envelope.body, operation.response
    if body is not None and is_fault(body, envelope.version):
        return read_fault(body, envelope.version)
    if wanted is None:
        return None
    if body is None or body.tag != wanted.qname.text:
        found = "nothing" if body is None else str(body.tag)
        raise _Unreadable(f"the body holds {found}, and the WSDL says {wanted.qname.text}")
    value, faults = service.read(wanted, body, check=check)
    if faults:
        raise _Unreadable(f"the answer does not fit the WSDL: {faults[0].path}: {faults[0].text}", faults)
    return value
