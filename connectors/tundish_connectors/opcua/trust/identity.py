"""Who we are: our own certificate, made at first use where none is given."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from tundish.errors import Misconfigured
from tundish_connectors.opcua.trust.store import application_uris, load_certificate

_VALID = timedelta(days=5 * 365)
"""Every server has to be told of a new one by hand, so it lasts."""
_KEY_BITS = 2048
"""What every controller can do; larger ones take seconds there."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its key, as PEM or DER."""

    certificate: x509.Certificate
    key: bytes
    """PEM."""
    password: str | None
    file: Path
    """Where the certificate lies, for an operator who has to copy it to the server."""


def given_identity(certificate: Path, key: Path, password: str | None, uri: str) -> Identity:
    """The one that the settings name. Raises Misconfigured where it is unusable or not for our ApplicationUri."""
    loaded = load_certificate(certificate)
    if uri not in application_uris(loaded):
        named = ", ".join(application_uris(loaded)) or "none"
        raise Misconfigured(
            f"the certificate {certificate} is for the application {named}, and we call ourselves {uri}",
            "write its name into 'application_uri', or make one with that name",
        )
    try:
        content = key.read_bytes()
        serialization.load_pem_private_key(content, password.encode() if password else None)
    except (OSError, ValueError, TypeError) as error:
        raise Misconfigured(f"no private key can be read from {key}: {error}") from error
    return Identity(loaded, content, password, certificate)


def own_identity(folder: Path, uri: str) -> Identity:
    """The one in a folder; it is made where there is none for this ApplicationUri. Raises Misconfigured."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = folder / "own.der", folder / "own.key.pem"
    if not certificate.is_file() or not key.is_file() or uri not in application_uris(load_certificate(certificate)):
        _make(certificate, key, uri)
    return given_identity(certificate, key, None, uri)


def _make(file: Path, key_file: Path, uri: str) -> None:
    """Self-signed, after OPC UA Part 6, 6.2.2."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    host = socket.gethostname()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Tundish on {host}"[:64])])
    now = datetime.now(UTC)
    usage = dict.fromkeys(("key_agreement", "crl_sign", "encipher_only", "decipher_only"), False)
    usage |= dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_cert_sign"), True
    )
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (
        (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri), x509.DNSName(host)]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.KeyUsage(**usage), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False),
    )
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + _VALID)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    made = builder.sign(key, hashes.SHA256())
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(key_file, encoded, 0o600)
    _write(file, made.public_bytes(serialization.Encoding.DER), 0o644)


def _write(file: Path, content: bytes, mode: int) -> None:
    unfinished = file.with_suffix(".part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    unfinished.replace(file)
