"""What a system says about its refusal, in one line for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tundish.model import Value

_LONGEST = 500
_MOST_DETAILS = 5


def explanation(body: Value) -> str:
    """The message of an error of OData V2 or V4, of problem details (RFC 9457), or of what is common; else empty."""
    if not isinstance(body, dict):
        return ""
    error = body.get("error")
    if isinstance(error, dict):
        # OData V4, JSON format, 21; in V2 (and SAP Gateway) the message is an object with language and value.
        said = [_text(error.get("message")), *_details(error)]
        return _shortened("; ".join(dict.fromkeys(text for text in said if text)))
    for name in ("detail", "title", "message", "error_description"):
        if text := _text(body.get(name)):
            return _shortened(text)
    return _shortened(_text(error))


def _details(error: dict[str, Value]) -> Iterator[str]:
    """V4 lists further messages as `details`, SAP Gateway as `innererror.errordetails`."""
    inner = error.get("innererror")
    listed = [error.get("details"), inner.get("errordetails") if isinstance(inner, dict) else None]
    details = [each for each in listed if isinstance(each, list)]
    for detail in [each for found in details for each in found][:_MOST_DETAILS]:
        if isinstance(detail, dict):
            yield _text(detail.get("message"))


def _text(value: Value) -> str:
    if isinstance(value, dict):
        value = value.get("value")
    return " ".join(value.split()) if isinstance(value, str) else ""


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
