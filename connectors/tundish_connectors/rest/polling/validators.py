"""How a system is asked whether anything has changed: `ETag` and `Last-Modified` (RFC 9110, 13.1). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from tundish_connectors.rest.calling.answers import Answer
from tundish_connectors.rest.calling.requests import HttpRequest
from tundish_connectors.rest.polling.position import Validator

_SETTLED = 1.0
"""Seconds after which `Last-Modified` names one state only (RFC 9110, 8.8.2.2): it counts whole seconds."""


def validator_of(request: HttpRequest, answer: Answer) -> Validator | None:
    """What to ask with next time; None where the system says nothing to ask with."""
    etag = answer.headers.get("etag", "")
    modified = answer.headers.get("last-modified", "")
    if not etag and not _is_settled(modified, answer.headers.get("date", "")):
        return None
    return Validator(request.target, etag, "" if etag else modified)


def conditions(validator: Validator | None, request: HttpRequest) -> Mapping[str, str]:
    """The headers of the question; none where the request is another one."""
    if validator is None or validator.target != request.target:
        return {}
    return {"If-None-Match": validator.etag} if validator.etag else {"If-Modified-Since": validator.modified}


def _is_settled(modified: str, date: str) -> bool:
    try:
        age = parsedate_to_datetime(date) - parsedate_to_datetime(modified)
    except (ValueError, TypeError):
        return False
    return age.total_seconds() >= _SETTLED
