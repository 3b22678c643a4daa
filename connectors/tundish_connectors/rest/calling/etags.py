"""The state of a resource that a change is meant for: `If-Match` (RFC 9110, 13.1.1), which OData systems ask for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from tundish.errors import Rejected, Transient, Unknown
from tundish_connectors.rest.calling.answers import Answer, error_of
from tundish_connectors.rest.calling.requests import HttpRequest


async def with_etag(request: HttpRequest, ask: Callable[[HttpRequest], Awaitable[Answer]]) -> HttpRequest:
    """The request for the resource as it is now.

    Raises Rejected where there is none, or it has no `ETag`; otherwise what asking for it raises.
    """
    question = replace(request, method="GET", body=b"", headers={"Accept": "application/json"})
    try:
        answer = await ask(question)
    except Unknown as error:
        # Nothing was changed yet.
        raise Transient(error.text, detail=error.detail) from error
    if not 200 <= answer.status < 300:
        raise error_of(answer)
    etag = answer.headers.get("etag") or _in_body(answer)
    if not etag:
        text = f"{request.path} has no ETag; remove 'fetch_etag', or send 'If-Match' with 'headers'"
        raise Rejected(text, detail=answer.detail, facts=answer.facts)
    return request.with_headers({"If-Match": etag})


def _in_body(answer: Answer) -> str:
    """OData says it in the body, too: V4 as `@odata.etag`, V2 in `__metadata`."""
    value = answer.value()
    if not isinstance(value, dict):
        return ""
    entity = value.get("d") if isinstance(value.get("d"), dict) else value
    found = None
    if isinstance(entity, dict):
        metadata = entity.get("__metadata")
        found = entity.get("@odata.etag") or (metadata.get("etag") if isinstance(metadata, dict) else None)
    return found if isinstance(found, str) else ""
