"""How requests prove where they come from: headers that we send, and headers that we ask for."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping

from tundish_connectors.rest.settings import AuthSettings


def expected_headers(auth: AuthSettings) -> tuple[str, tuple[str, ...]]:
    """Name of a header, in lower case, and the values of which one must stand in it. Raises MissingSecret.

    For `oauth2` there is none: those tokens are fetched.
    """
    if auth.api_key is not None:
        return auth.header.lower(), tuple(key.reveal() for key in auth.api_key)
    if auth.basic is not None:
        return "authorization", (basic(auth.basic.username, auth.basic.password.reveal()),)
    if auth.bearer is not None:
        return "authorization", (f"Bearer {auth.bearer.reveal()}",)
    return "authorization", ()


def basic(user: str, password: str) -> str:
    """The value of an `Authorization` header (RFC 7617)."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


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
