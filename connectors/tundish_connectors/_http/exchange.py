"""A request as it came, and the bytes of an answer to it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Protocol

_STATUS = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}


@dataclass(slots=True, eq=False)
class Request:
    """One request. The body is complete when it is answered."""

    method: str
    target: bytes
    """Path and query as they were sent."""
    path: str
    """Percent-encoded, as it was sent."""
    query: str
    headers: dict[str, str]
    """Names in lower case; the values of a name that came twice are joined by a comma."""
    remote: str
    certificate: dict[str, Any] | None = None
    """What the client's certificate says, where one was asked for, as `ssl.SSLSocket.getpeercert` tells it."""
    body: bytes = b""
    sender: str | None = None
    """Who sends; None as long as that is not known."""
    handler: Any = None
    """What answers it, once that is known."""
    parameters: dict[str, str] = field(default_factory=dict)
    """The parts of the path that the route names."""


class Answer(Protocol):
    """What a listener answers, in its own format."""

    @property
    def status(self) -> int:
        """The status of HTTP."""

    def encoded(self, *, close: bool, with_body: bool = True) -> bytes:
        """Head and body, to be written at once."""


def answer_bytes(
    status: int, media: str, body: bytes, headers: Iterable[tuple[str, str]], *, close: bool, with_body: bool
) -> bytes:
    """A whole answer; `media` is empty where there is no body."""
    more = "".join(f"{name.lower()}: {value}\r\n" for name, value in headers)
    kind = f"content-type: {media}\r\n" if media else ""
    ending = "connection: close\r\n\r\n" if close else "\r\n"
    head = f"date: {_now()}\r\n{kind}content-length: {len(body)}\r\n{more}{ending}"
    return b"".join((_STATUS[status], head.encode("latin-1", "replace"), body if with_body else b""))


class _Date:
    second = 0
    text = ""


def _now() -> str:
    """The date of now (RFC 9110, 5.6.7), made once a second."""
    second = int(time.time())
    if second != _Date.second:
        _Date.second, _Date.text = second, formatdate(second, usegmt=True)
    return _Date.text
