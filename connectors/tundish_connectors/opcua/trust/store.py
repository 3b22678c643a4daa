"""Certificates of servers in folders: trusted ones, issuers, revocation lists, and those that were rejected.

A server is trusted where its own certificate lies in `trusted`, or one of its issuers does; `issuers` only completes
chains (OPC UA Part 12, 7.8.2). A certificate that an operator trusted by itself is pinned, so its host name is not
looked at; one that is trusted because of its issuer has to be for this host.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from tundish.errors import AuthFailed, Misconfigured

State = Literal["trusted", "issuers", "rejected"]
STATES: tuple[State, ...] = ("trusted", "issuers", "rejected")
_CRLS = "crls"
_LONGEST_CHAIN = 8
_MOST_REJECTED = 100
"""Whoever connects us to ever new servers cannot fill the disk with their certificates."""
_SMALLEST_KEY = 2048


@dataclass(frozen=True, slots=True)
class Kept:
    """A certificate in one of the folders."""

    state: State
    file: Path
    certificate: x509.Certificate

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal."""
        return fingerprint(self.certificate)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 in hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def common_name(certificate: x509.Certificate) -> str:
    """The common name, otherwise the whole subject."""
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def application_uris(certificate: x509.Certificate) -> list[str]:
    """The ApplicationUri that a certificate is for."""
    names = _names(certificate)
    return [] if names is None else names.get_values_for_type(x509.UniformResourceIdentifier)


def _names(certificate: x509.Certificate) -> x509.SubjectAlternativeName | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None


def is_for_host(certificate: x509.Certificate, host: str) -> bool:
    """Whether a certificate names a host, by its name or its address."""
    names = _names(certificate)
    if names is None:
        return False
    try:
        return ipaddress.ip_address(host) in names.get_values_for_type(x509.IPAddress)
    except ValueError:
        return host.lower() in (name.lower() for name in names.get_values_for_type(x509.DNSName))


def load_certificate(file: Path) -> x509.Certificate:
    """Of a PEM or DER file. Raises Misconfigured."""
    try:
        content = file.read_bytes()
        if content.lstrip().startswith(b"-----"):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except (OSError, ValueError) as error:
        raise Misconfigured(f"no certificate can be read from {file}: {error}") from error


class TrustStore:
    """The folders below one folder; they are read anew each time, so that an operator's change counts at once."""

    def __init__(self, folder: Path, *, name: str) -> None:
        """`name` is the connection's, for the line to type."""
        self.folder = folder
        self._name = name

    def prepare(self) -> None:
        """Make the folders."""
        for each in (*STATES, _CRLS):
            (self.folder / each).mkdir(parents=True, exist_ok=True)

    def kept(self, *states: State) -> Iterator[Kept]:
        """Every certificate, in the order of the states and of the files' names. Raises Misconfigured."""
        for state in states or STATES:
            for file in sorted((self.folder / state).glob("*")):
                if file.suffix.lower() in {".der", ".pem", ".crt", ".cer"}:
                    yield Kept(state, file, load_certificate(file))

    def require(self, certificate: x509.Certificate, *, uri: str, host: str) -> None:
        """Raises AuthFailed, with the line to type, where a server may not be trusted; its certificate is kept."""
        if fault := self._fault(certificate, uri=uri, host=host):
            text, cure = fault
            self._reject(certificate)
            shown = f"the server's certificate '{common_name(certificate)}' ({fingerprint(certificate)[:16]}…)"
            raise AuthFailed(f"{shown} {text}; {cure}")

    def _fault(self, certificate: x509.Certificate, *, uri: str, host: str) -> tuple[str, str] | None:
        if fault := _own_fault(certificate, uri):
            return fault, "let the server's owner renew it"
        trusted = {kept.fingerprint for kept in self.kept("trusted")}
        if self._is_revoked(certificate):
            return "was revoked by its issuer", "let the server's owner renew it"
        if fingerprint(certificate) in trusted:
            return None
        if not any(fingerprint(issuer) in trusted for issuer in self._issuers(certificate)):
            line = f"tundish opcua trust {self._name} {fingerprint(certificate)[:16]}"
            return "is not trusted", f"compare it with the server's own, then run: {line}"
        if not is_for_host(certificate, host):
            return f"is not for {host}", "write the name that it is for into 'endpoint', or trust it by itself"
        return None

    def _issuers(self, certificate: x509.Certificate) -> Iterator[x509.Certificate]:
        """The chain above a certificate, as far as it is known and every step of it is right."""
        known = [kept.certificate for kept in self.kept("trusted", "issuers")]
        current = certificate
        for _ in range(_LONGEST_CHAIN):
            found = next((issuer for issuer in known if _issued(issuer, current)), None)
            if found is None or self._is_revoked(found):
                return
            yield found
            if found.subject == found.issuer:
                return
            current = found

    def _is_revoked(self, certificate: x509.Certificate) -> bool:
        for file in sorted((self.folder / _CRLS).glob("*")):
            content = file.read_bytes()
            try:
                pem = content.lstrip().startswith(b"-----")
                revoked = x509.load_pem_x509_crl(content) if pem else x509.load_der_x509_crl(content)
            except ValueError as error:
                raise Misconfigured(f"no revocation list can be read from {file}: {error}") from error
            by_us = revoked.issuer == certificate.issuer
            if by_us and revoked.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
                return True
        return False

    def _reject(self, certificate: x509.Certificate) -> None:
        if any(kept.fingerprint == fingerprint(certificate) for kept in self.kept("trusted", "rejected")):
            return
        folder = self.folder / "rejected"
        # The name comes from a stranger, so only what is harmless in a file's name is taken over.
        shown = re.sub(r"[^A-Za-z0-9._-]+", "_", common_name(certificate)).strip("._")[:40] or "unnamed"
        file = folder / f"{shown}-{fingerprint(certificate)[:16]}.der"
        file.write_bytes(certificate.public_bytes(Encoding.DER))
        for old in sorted(folder.glob("*.der"), key=lambda each: each.stat().st_mtime)[:-_MOST_REJECTED]:
            old.unlink()

    def trust(self, beginning: str) -> Kept:
        """Trust the rejected certificate whose fingerprint begins so. Raises LookupError where it is not one."""
        wanted = beginning.lower().replace(":", "")
        found = [kept for kept in self.kept("rejected") if kept.fingerprint.startswith(wanted)]
        if len(found) != 1:
            raise LookupError(f"{len(found) or 'no'} rejected certificates of '{self._name}' begin with {beginning}")
        target = self.folder / "trusted" / found[0].file.name
        found[0].file.replace(target)
        return Kept("trusted", target, found[0].certificate)


def _own_fault(certificate: x509.Certificate, uri: str) -> str:
    """What is wrong with a certificate whoever trusts it; empty where nothing is."""
    now = datetime.now(UTC)
    if certificate.not_valid_after_utc < now:
        return f"has expired on {certificate.not_valid_after_utc:%Y-%m-%d}"
    if certificate.not_valid_before_utc > now:
        return f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    if uri not in application_uris(certificate):
        return f"is not for the application {uri}, as which the server speaks"
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_KEY:
        return f"has a key of less than {_SMALLEST_KEY} bits"
    if isinstance(certificate.signature_hash_algorithm, hashes.SHA1 | hashes.MD5):
        return "is signed with SHA-1, which can be forged"
    return ""


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    now = datetime.now(UTC)
    if not issuer.not_valid_before_utc <= now <= issuer.not_valid_after_utc:
        return False
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        certificate.verify_directly_issued_by(issuer)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    return constraints.ca
