"""Clients that show a certificate; the handshake has checked it, here it is looked at who it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tundish_connectors._http.exchange import Request
from tundish_connectors.rest.listen_settings import CertificateSettings
from tundish_connectors.rest.listening.admission.gate import Gate, Refused


class Certificates(Gate):
    """Lets in whose certificate has one of the names."""

    scheme = {"type": "mutualTLS"}  # noqa: RUF012 - constant

    def __init__(self, settings: CertificateSettings) -> None:
        self._names = frozenset(settings.names)

    def knock(self, request: Request) -> str | None:
        """The first of the allowed names that the certificate has, or its first name where all are allowed."""
        names = list(names_of(request.certificate or {}))
        if not names:
            raise Refused("the client has shown no certificate with a name")
        if not self._names:
            return names[0]
        for name in names:
            if name in self._names:
                return name
        raise Refused(f"'{names[0]}' may not send", "add it to 'names' of the connection", status=403)


def names_of(certificate: dict[str, Any]) -> Iterator[str]:
    """The common name, then the alternative names: DNS, URI, e-mail."""
    for relative in certificate.get("subject", ()):
        for kind, value in relative:
            if kind == "commonName":
                yield value
    for kind, value in certificate.get("subjectAltName", ()):
        if kind in {"DNS", "URI", "email"}:
            yield value
