"""WS-Security of requests that we send: a UsernameToken as text or digest, an X.509 signature."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from lxml import etree
from zeep.wsse.signature import BinarySignature
from zeep.wsse.username import UsernameToken
from zeep.wsse.utils import WSU, get_security_header

from tundish.errors import Misconfigured, MissingExtra
from tundish_connectors.soap.settings import SignatureSettings, SoapAuthSettings

Apply = Callable[[etree._Element], None]  # noqa: SLF001 - lxml has no public name for the type

_VALID = timedelta(minutes=5)
"""How long a signed message is valid; the value of most servers."""


class Security:
    """Puts into an envelope what the connection's `auth` asks for. Used by one thread at a time."""

    def __init__(self, auth: SoapAuthSettings | None) -> None:
        """Raises MissingSecret, MissingExtra or Misconfigured."""
        self._applied: list[Apply] = []
        self.signs = auth is not None and auth.signature is not None
        if auth is not None and auth.username_token is not None:
            token = auth.username_token
            self._applied.append(_token(token.username, token.password.reveal(), digest=token.digest))
        if auth is not None and auth.signature is not None:
            # The signature comes last, so that nothing changes what it covers.
            self._applied.append(_signature(auth.signature))

    def apply(self, envelope: etree._Element) -> None:
        """Raises Misconfigured where certificate and key cannot sign."""
        for each in self._applied:
            each(envelope)


def _token(username: str, password: str, *, digest: bool) -> Apply:
    def apply(envelope: etree._Element) -> None:
        # A token is made for each message: a digest has a nonce and a time of its own.
        created = datetime.now(UTC)
        UsernameToken(username, password, use_digest=digest, created=created, zulu_timestamp=True).apply(envelope, {})

    return apply


def _signature(settings: SignatureSettings) -> Apply:
    try:
        import xmlsec
    except ImportError as error:
        raise MissingExtra("'signature' of the connector 'soap'", "soap-signature") from error
    password = settings.key_password.reveal() if settings.key_password else None
    try:
        signer = BinarySignature(
            str(settings.key or settings.certificate),
            str(settings.certificate),
            password,
            # zeep's own choice, SHA-1, is refused by current servers.
            signature_method=xmlsec.constants.TransformRsaSha256,
            digest_method=xmlsec.constants.TransformSha256,
        )
    except OSError as error:
        raise Misconfigured(f"certificate and key to sign with cannot be read: {error}") from error

    def apply(envelope: etree._Element) -> None:
        now = datetime.now(UTC)
        stamp = WSU.Timestamp(WSU.Created(_time(now)), WSU.Expires(_time(now + _VALID)))
        get_security_header(envelope).append(stamp)
        try:
            signer.apply(envelope, {})
        except xmlsec.Error as error:
            text = f"{settings.certificate} and its key cannot sign: {error}"
            raise Misconfigured(text, "an RSA key with its certificate is needed") from error

    _try(apply)
    return apply


def _try(apply: Apply) -> None:
    """Sign something, so that a wrong key shows when the connection opens and not with the first message."""
    from tundish_connectors.soap.messages.envelope import make_envelope

    apply(make_envelope("1.1", None, ()))


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
