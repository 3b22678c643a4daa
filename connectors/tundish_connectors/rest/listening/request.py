"""An answer as JSON."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from tundish.model import Value
from tundish_connectors._http.exchange import answer_bytes

_encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as JSON."""

    status: int
    content: Value
    headers: tuple[tuple[str, str], ...] = ()

    def encoded(self, *, close: bool, with_body: bool = True) -> bytes:
        """Head and body, to be written at once."""
        body = _encode(self.content)
        return answer_bytes(self.status, "application/json", body, self.headers, close=close, with_body=with_body)


def refusal(status: int, error: str, cure: str = "", *headers: tuple[str, str]) -> Answer:
    """An answer that says what is wrong, and what to do about it."""
    return Answer(status, {"error": error, "cure": cure} if cure else {"error": error}, headers)
