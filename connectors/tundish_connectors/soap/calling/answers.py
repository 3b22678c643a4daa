"""What an answer of a service means for a delivery or a question. Pure."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from tundish.errors import AuthFailed, DeliveryError, Duplicate, Invalid, Rejected, Throttled, Transient, Unknown
from tundish.faults import Fault
from tundish.model import Receipt, Record, Value
from tundish.telemetry import masked
from tundish_connectors.soap.messages.faults import SoapFault

_LONGEST_DETAIL = 2000
_LONGEST_WAIT = 3600.0
"""A service that asks for more is asked again after an hour all the same."""
_UNSAID_WAIT = 10.0
"""Seconds to wait after a 429 that says no time."""
_CREDENTIALS = {
    "authentication",
    "failedauthentication",
    "failedcheck",
    "invalidsecurity",
    "invalidsecuritytoken",
    "messageexpired",
    "securitytokenunavailable",
    "unsupportedsecuritytoken",
}
"""Fault codes of WS-Security 1.1 (section 12), and the one that SOAP 1.1 (4.4.1) has for the same."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service said."""

    status: int
    reason: str
    headers: Mapping[str, str]
    """Names in lower case."""
    value: Value = None
    """The body as data."""
    fault: SoapFault | None = None
    problem: str = ""
    """Why there is neither a value nor a fault."""
    faults: Sequence[Fault] = ()
    """Where the answer breaks the WSDL."""
    text: str = ""
    """The beginning of what came, for people."""

    @property
    def facts(self) -> Record:
        """`status`, `headers`, `body` and `fault`; header values that are secrets are masked."""
        headers: Record = {name: str(value) for name, value in masked(dict(self.headers)).items()}
        fault = self.fault.facts if self.fault is not None else None
        return {"status": self.status, "headers": headers, "body": self.value, "fault": fault}

    @property
    def detail(self) -> str:
        """Status and answer for people, shortened."""
        return f"{self.status} {self.reason}: {self.text}"[:_LONGEST_DETAIL].rstrip(": ")

    @property
    def is_readable(self) -> bool:
        """The service answered, and what it said fits the WSDL."""
        return 200 <= self.status < 300 and self.fault is None and not self.problem


def receipt_of(reply: Reply, duplicate_codes: Collection[str]) -> Receipt:
    """The receipt of a delivery. Raises the DeliveryError that the answer stands for."""
    if reply.is_readable:
        return Receipt(detail=reply.detail, facts=reply.facts)
    if reply.fault is not None and _has_code(reply.fault, duplicate_codes):
        raise Duplicate(f"the service has it already: {reply.fault.reason}", detail=reply.detail, facts=reply.facts)
    if reply.fault is None and 200 <= reply.status < 300:
        # It was taken, but nobody can tell what became of it: sending it again could book twice.
        raise Unknown(reply.problem, detail=reply.detail, faults=reply.faults, facts=reply.facts)
    raise _error(reply)


def finding_of(reply: Reply, not_found_codes: Collection[str] = ()) -> Receipt:
    """The result of a question; that there is nothing is a result. Raises a DeliveryError otherwise."""
    if reply.is_readable:
        return Receipt(detail=reply.detail, facts=reply.facts)
    if reply.fault is not None and _has_code(reply.fault, not_found_codes):
        return Receipt(detail=reply.detail, facts={**reply.facts, "status": 404})
    if reply.fault is None and 200 <= reply.status < 300:
        made = Invalid if reply.faults else Rejected
        raise made(reply.problem, detail=reply.detail, faults=reply.faults, facts=reply.facts)
    raise _error(reply)


def _has_code(fault: SoapFault, codes: Collection[str]) -> bool:
    return bool({fault.code, fault.subcode, f"{fault.code}.{fault.subcode}"} & set(codes))


def _error(reply: Reply) -> DeliveryError:
    facts, detail = reply.facts, reply.detail
    wait = retry_after(reply.headers.get("retry-after", ""), time.time())
    if reply.fault is not None:
        return _of_fault(reply.fault, reply, wait)
    text = f"the service answered {reply.status} {reply.reason}".rstrip()
    if reply.status == 429 or (reply.status == 503 and wait is not None):
        return Throttled(text, _UNSAID_WAIT if wait is None else wait, detail=detail, facts=facts)
    if reply.status in {408, 425} or reply.status >= 500:
        return Transient(text, detail=detail, facts=facts)
    if reply.status in {401, 403}:
        return AuthFailed(text, detail=detail, facts=facts)
    if 300 <= reply.status < 400:
        text = f"{text}; redirects are not followed ({reply.headers.get('location', '')})"
    return Rejected(text, detail=detail, facts=facts)


def _of_fault(fault: SoapFault, reply: Reply, wait: float | None) -> DeliveryError:
    facts, detail = reply.facts, reply.detail
    code = f"{fault.code}.{fault.subcode}".rstrip(".") or "without a code"
    text = f"the service answered with the fault {code}: {fault.reason}".rstrip(": ")
    if reply.status in {401, 403} or {fault.code.lower(), fault.subcode.lower()} & _CREDENTIALS:
        return AuthFailed(text, detail=detail, facts=facts)
    if wait is not None and (reply.status in {429, 503} or fault.code == "Server"):
        return Throttled(text, wait, detail=detail, facts=facts)
    # A fault that does not even have a code was not meant for this message.
    if fault.code in ("Server", ""):
        return Transient(text, detail=detail, facts=facts)
    return Rejected(text, detail=detail, facts=facts)


def retry_after(value: str, now: float) -> float | None:
    """Seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3); None where it says nothing."""
    if value.strip().isdecimal():
        return min(float(value), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return min(max(0.0, at.timestamp() - now), _LONGEST_WAIT)
