"""What an answer of a system means for a delivery or a question. Pure."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from decimal import Decimal
from email.utils import parsedate_to_datetime

import msgspec

from tundish.errors import AuthFailed, DeliveryError, Duplicate, Rejected, Throttled, Transient
from tundish.model import Receipt, Record, Value
from tundish.telemetry import masked
from tundish_connectors.rest.calling.explanations import explanation
from tundish_connectors.rest.odata.dates import with_dates

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
    dates: bool = False
    """Dates of OData V2 in the body become RFC 3339."""
    zone: tzinfo = field(default=UTC)

    @property
    def facts(self) -> Mapping[str, Value]:
        """`status`, `headers` and `body`, which is data where it is JSON; header values that are secrets are masked."""
        return _Facts(self)

    @property
    def detail(self) -> str:
        """Status and body for people, shortened."""
        # A character has four bytes at most, so no more are decoded than can be shown.
        body = (
            "(not read, too long)" if self.body is None else self.body[: 4 * _LONGEST_DETAIL].decode("utf-8", "replace")
        )
        return f"{self.status} {self.reason}: {body}"[:_LONGEST_DETAIL].rstrip(": ")

    def read_facts(self) -> Record:
        """The facts, computed."""
        headers: Record = {name: str(value) for name, value in masked(dict(self.headers)).items()}
        return {"status": self.status, "headers": headers, "body": self.value()}

    def value(self) -> Value:
        """The body: data where it is JSON, otherwise a text; None where it was not read."""
        if self.body is None:
            return None
        media = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self.body and (media == "application/json" or media.endswith("+json")):
            try:
                value: Value = _DECODER.decode(self.body)
            except (msgspec.DecodeError, RecursionError):
                return self.body.decode("utf-8", "replace")
            return with_dates(value, self.zone) if self.dates else value
        return self.body.decode("utf-8", "replace")


class _Facts(Mapping[str, Value]):
    """Computed when somebody looks: most deliveries succeed, and then nobody does."""

    __slots__ = ("_answer", "_known")

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._known: Record | None = None

    def _facts(self) -> Record:
        if self._known is None:
            self._known = self._answer.read_facts()
        return self._known

    def __getitem__(self, name: str) -> Value:
        return self._facts()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts())

    def __len__(self) -> int:
        return len(self._facts())

    def __repr__(self) -> str:
        return repr(self._facts())


def receipt_of(answer: Answer, duplicate_status: Collection[int]) -> Receipt:
    """The receipt of a delivery. Raises the DeliveryError that the status stands for."""
    if 200 <= answer.status < 300:
        return _receipt(answer)
    if answer.status in duplicate_status:
        raise Duplicate("the system has it already", detail=answer.detail, facts=answer.facts)
    raise error_of(answer)


def finding_of(answer: Answer) -> Receipt:
    """The result of a question; that there is nothing (404, 410) is a result. Raises a DeliveryError otherwise."""
    if answer.body is None:
        raise Rejected("the answer is longer than 'largest_answer'", detail=answer.detail, facts=answer.facts)
    if 200 <= answer.status < 300 or answer.status in {404, 410}:
        return _receipt(answer)
    raise error_of(answer)


def _receipt(answer: Answer) -> Receipt:
    return Receipt(remote_id=answer.headers.get("location", ""), detail=answer.detail, facts=answer.facts)


def error_of(answer: Answer) -> DeliveryError:
    """What a status outside of 2xx stands for, with what the system says about it."""
    status, facts, detail = answer.status, answer.facts, answer.detail
    text = f"the system answered {status} {answer.reason}".rstrip()
    if said := explanation(answer.value()):
        text = f"{text}: {said}"
    wait = retry_after(answer.headers.get("retry-after", ""), time.time())
    if status == 429 or (status == 503 and wait is not None):
        return Throttled(text, _UNSAID_WAIT if wait is None else wait, detail=detail, facts=facts)
    if status in {408, 425} or status >= 500:
        return Transient(text, detail=detail, facts=facts)
    if status in {401, 403}:
        if answer.headers.get("x-csrf-token", "").lower() == "required":
            text = f"{text}; the system wants a token for changes: set 'csrf' on the connection"
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
