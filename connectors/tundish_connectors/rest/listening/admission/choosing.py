"""The gate that the settings ask for."""

from __future__ import annotations

from tundish.sdk import Logger
from tundish_connectors.rest.listening.admission.certificates import Certificates
from tundish_connectors.rest.listening.admission.fixed import FixedHeader
from tundish_connectors.rest.listening.admission.gate import Gate, Open
from tundish_connectors.rest.listening.admission.signatures import Signatures
from tundish_connectors.rest.settings import AuthSettings


def gate_of(auth: AuthSettings | None, log: Logger) -> Gate:
    """Raises MissingSecret, Misconfigured or ImportError."""
    if auth is None:
        return Open()
    if auth.hmac is not None:
        return Signatures(auth.hmac)
    if auth.certificate is not None:
        return Certificates(auth.certificate)
    if auth.jwt is not None:
        # cryptography takes a while to load, and most listeners need none.
        from tundish_connectors.rest.listening.admission.tokens import Tokens

        return Tokens(auth.jwt, log)
    return FixedHeader(auth)
