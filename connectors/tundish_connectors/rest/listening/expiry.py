"""When the certificate of our own ends. Clients refuse an expired one, and nothing is received any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from tundish.faults import Fault
from tundish.sdk import TlsSettings

_SOON = 30 * 86400.0


def own_expiry(tls: TlsSettings | None, now: float) -> Iterator[Fault]:
    """A fault where it has expired or does so within 30 days."""
    if tls is None or tls.certificate is None:
        return
    # It takes a while to load, and a listener without TLS needs none.
    from cryptography import x509

    try:
        ends = x509.load_pem_x509_certificate(tls.certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return  # it could be used, so it is another kind of file
    if ends.timestamp() - now < _SOON:
        when = "has expired" if ends < datetime.fromtimestamp(now, UTC) else "expires"
        yield Fault("tls.certificate", f"our certificate {when} on {ends:%Y-%m-%d}", "renew it; clients will refuse us")
