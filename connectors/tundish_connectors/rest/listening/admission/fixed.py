"""Secrets that stand in a header as they are: API key, user and password, fixed token."""

from __future__ import annotations

import hmac

from tundish_connectors._http.exchange import Request
from tundish_connectors.rest.credentials import expected_headers
from tundish_connectors.rest.listening.admission.gate import Gate, Refused
from tundish_connectors.rest.settings import AuthSettings


class FixedHeader(Gate):
    """Compares one header with what may stand in it."""

    def __init__(self, auth: AuthSettings) -> None:
        """Raises MissingSecret."""
        self._header, values = expected_headers(auth)
        self._values = tuple(value.encode() for value in values)
        self._sender = auth.basic.username if auth.basic is not None else ""
        self.headers = frozenset({self._header})
        if auth.basic is not None:
            self.challenge = 'Basic realm="tundish", charset="UTF-8"'
            self.scheme = {"type": "http", "scheme": "basic"}
        elif auth.bearer is not None:
            self.challenge = "Bearer"
            self.scheme = {"type": "http", "scheme": "bearer"}
        else:
            self.challenge = "ApiKey"
            self.scheme = {"type": "apiKey", "in": "header", "name": auth.header}

    def knock(self, request: Request) -> str | None:
        """Compared in constant time, so that nobody learns a key by measuring."""
        given = request.headers.get(self._header, "").encode()
        # Every key is compared, also behind the right one, so that the time does not tell which it was.
        if sum(hmac.compare_digest(given, value) for value in self._values) == 0:
            raise Refused("credentials are missing or wrong", f"send them in the header '{self._header}'")
        return self._sender
