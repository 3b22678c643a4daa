"""Who may send."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from tundish_connectors.rest.credentials import expected_headers
from tundish_connectors.rest.settings import AuthSettings


class Gatekeeper:
    """Lets requests in that carry the right header."""

    def __init__(self, auth: AuthSettings | None) -> None:
        """Raises MissingSecret."""
        self.header = ""
        """Which header holds the secret, in lower case; empty where none is asked for."""
        self._values: tuple[bytes, ...] = ()
        if auth is not None:
            self.header, values = expected_headers(auth)
            self._values = tuple(value.encode() for value in values)

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Compared in constant time, so that nobody learns a key by measuring."""
        if not self.header:
            return True
        given = headers.get(self.header, "").encode("latin-1")
        # Every key is compared, also behind the right one, so that the time does not tell which it was.
        return sum(hmac.compare_digest(given, value) for value in self._values) > 0
