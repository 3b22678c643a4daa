"""A request as it came, and the answer to it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import msgspec

from tundish.model import Value

_encode = msgspec.json.Encoder(decimal_format="number").encode
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


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as JSON."""

    status: int
    content: Value
    headers: tuple[tuple[str, str], ...] = ()

    def encoded(self, *, close: bool, with_body: bool = True) -> bytes:
        """Head and body, to be written at once."""
        body = _encode(self.content)
        more = "".join(f"{name.lower()}: {value}\r\n" for name, value in self.headers)
        ending = "connection: close\r\n\r\n" if close else "\r\n"
        head = f"date: {_now()}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{more}{ending}"
        return b"".join((_STATUS[self.status], head.encode("latin-1", "replace"), body if with_body else b""))


def refusal(status: int, error: str, cure: str = "", *headers: tuple[str, str]) -> Answer:
    """An answer that says what is wrong, and what to do about it."""
    return Answer(status, {"error": error, "cure": cure} if cure else {"error": error}, headers)


class _Date:
    second = 0
    text = ""


def _now() -> str:
    """The date of now (RFC 9110, 5.6.7), made once a second."""
    second = int(time.time())
    if second != _Date.second:
        _Date.second, _Date.text = second, formatdate(second, usegmt=True)
    return _Date.text
