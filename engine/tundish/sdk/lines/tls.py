"""TLS settings that every connector shares, and the contexts made of them; verification is on by default."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

from pydantic import model_validator

from tundish.errors import Misconfigured
from tundish.faults import Fault
from tundish.sdk.settings import Secret, Settings, wrong_value


class TlsSettings(Settings):
    """Certificates of a connection. Without it, the certificate authorities of the system are trusted."""

    ca_file: Path | None = None
    """PEM file of the certificate authorities to trust instead of the system's."""
    certificate: Path | None = None
    """PEM file of our own certificate with its chain, where the peer asks for one."""
    key: Path | None = None
    """PEM file of the private key of `certificate`; not needed where that file holds both."""
    key_password: Secret | None = None
    """Password of the private key."""
    dangerously_skip_verification: bool = False
    """Talk to anybody who claims to be the peer. Whoever sits on the network can then read and change everything."""

    @model_validator(mode="after")
    def _key_needs_certificate(self) -> TlsSettings:
        if self.key is not None and self.certificate is None:
            raise wrong_value("'key' is given without 'certificate'", "add the certificate that belongs to the key")
        return self


def client_context(settings: TlsSettings | None) -> ssl.SSLContext:
    """What a client needs to reach a peer by TLS 1.2 or later.

    Raises Misconfigured where a file is absent or unusable, MissingSecret where the key's password is.
    """
    tls = settings or TlsSettings()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.dangerously_skip_verification:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca_file is None:
        context.load_default_certs()
    else:
        _trust(context, tls.ca_file)
    if tls.certificate is not None:
        _identify(context, tls, tls.certificate)
    return context


def server_context(settings: TlsSettings) -> ssl.SSLContext:
    """What a listener needs to be reached by TLS 1.2 or later; with `ca_file` it asks clients for certificates.

    Raises Misconfigured where a file is absent or unusable, MissingSecret where the key's password is.
    """
    if settings.certificate is None:
        raise Misconfigured("a listener with TLS has no certificate", "set 'certificate' and 'key'")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _identify(context, settings, settings.certificate)
    if settings.ca_file is not None:
        _trust(context, settings.ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def tls_faults(settings: TlsSettings | None) -> Sequence[Fault]:
    """What a component's `check` says about its TLS settings."""
    if settings is None or not settings.dangerously_skip_verification:
        return ()
    return (
        Fault(
            "tls.dangerously_skip_verification",
            "the peer's certificate is not verified",
            "trust its authority with 'ca_file' and remove this setting",
        ),
    )


def _trust(context: ssl.SSLContext, file: Path) -> None:
    try:
        context.load_verify_locations(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"certificate authorities cannot be read from {file}: {error}") from error


def _identify(context: ssl.SSLContext, tls: TlsSettings, certificate: Path) -> None:
    # Without a password OpenSSL would ask for one on the terminal, and a daemon would wait for ever.
    password = tls.key_password.reveal() if tls.key_password else ""
    try:
        context.load_cert_chain(certificate, tls.key, password)
    except (OSError, ssl.SSLError) as error:
        where = f"{certificate} and {tls.key}" if tls.key else str(certificate)
        raise Misconfigured(f"certificate and key cannot be used from {where}: {error}") from error
