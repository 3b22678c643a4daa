"""How requests prove where they come from: headers that we send, and headers that we ask for."""

from __future__ import annotations

from base64 import b64encode

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
