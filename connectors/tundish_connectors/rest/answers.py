"""What an answer of a system means for a delivery or a question. Pure."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from email.utils import parsedate_to_datetime

import msgspec

from tundish.errors import AuthFailed, DeliveryError, Duplicate, Rejected, Throttled, Transient
from tundish.model import Receipt, Record, Value
from tundish.telemetry import masked

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_LONGEST_DETAIL = 2000
_LONGEST_WAIT = 3600.0
"""A system that asks for more is asked again after an hour all the same."""
_UNSAID_WAIT = 10.0
"""Seconds to wait after a 429 that says no time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system said."""

    status: int
    reason: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes | None
    """None where it is longer than the connection's `largest_answer`."""

    @property
    def facts(self) -> Record:
        """`status`, `headers` and `body`, which is data where it is JSON; header values that are secrets are masked."""
        headers: Record = {name: str(value) for name, value in masked(dict(self.headers)).items()}
        return {"status": self.status, "headers": headers, "body": self._value()}

    @property
    def detail(self) -> str:
        """Status and body for people, shortened."""
        body = "(not read, too long)" if self.body is None else self.body.decode("utf-8", "replace")
        return f"{self.status} {self.reason}: {body}"[:_LONGEST_DETAIL].rstrip(": ")

    def _value(self) -> Value:
        if self.body is None:
            return None
        media = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self.body and (media == "application/json" or media.endswith("+json")):
            try:
                value: Value = _DECODER.decode(self.body)
            except (msgspec.DecodeError, RecursionError):
                return self.body.decode("utf-8", "replace")
            return value
        return self.body.decode("utf-8", "replace")


def receipt_of(answer: Answer, duplicate_status: Collection[int]) -> Receipt:
    """The receipt of a delivery. Raises the DeliveryError that the status stands for."""
    if 200 <= answer.status < 300:
        return _receipt(answer)
    if answer.status in duplicate_status:
        raise Duplicate("the system has it already", detail=answer.detail, facts=answer.facts)
    raise _error(answer)


def finding_of(answer: Answer) -> Receipt:
    """The result of a question; that there is nothing (404, 410) is a result. Raises a DeliveryError otherwise."""
    if answer.body is None:
        raise Rejected("the answer is longer than 'largest_answer'", detail=answer.detail, facts=answer.facts)
    if 200 <= answer.status < 300 or answer.status in {404, 410}:
        return _receipt(answer)
    raise _error(answer)


def _receipt(answer: Answer) -> Receipt:
    return Receipt(remote_id=answer.headers.get("location", ""), detail=answer.detail, facts=answer.facts)


def _error(answer: Answer) -> DeliveryError:
    status, facts, detail = answer.status, answer.facts, answer.detail
    text = f"the system answered {status} {answer.reason}".rstrip()
    wait = retry_after(answer.headers.get("retry-after", ""), time.time())
    if status == 429 or (status == 503 and wait is not None):
        return Throttled(text, _UNSAID_WAIT if wait is None else wait, detail=detail, facts=facts)
    if status in {408, 425} or status >= 500:
        return Transient(text, detail=detail, facts=facts)
    if status in {401, 403}:
        return AuthFailed(text, detail=detail, facts=facts)
    if 300 <= status < 400:
        where = answer.headers.get("location", "")
        return Rejected(f"{text}; redirects are not followed ({where})", detail=detail, facts=facts)
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
