"""Lets requests in that prove where they come from: basic authentication, or a UsernameToken that is used once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from lxml import etree

from tundish_connectors.soap.messages.envelope import Envelope
from tundish_connectors.soap.settings import SoapAuthSettings, UsernameTokenSettings

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = "#PasswordDigest"

FRESH = timedelta(minutes=5)
"""How old a token may be, or how far ahead; for so long its nonce is remembered (UsernameToken Profile 1.1, 3.1)."""
_MOST_NONCES = 100_000


class Denied(Exception):
    """A request is not let in; `code` is that of WS-Security 1.1, section 12."""

    def __init__(self, text: str, code: str = "FailedAuthentication") -> None:
        super().__init__(text)
        self.code = code


class Gate:
    """Compares in constant time, so that nobody learns a password by measuring."""

    def __init__(self, auth: SoapAuthSettings | None) -> None:
        """Raises MissingSecret."""
        self._basic = b""
        self._token: TokenGate | None = None
        if auth is not None and auth.basic is not None:
            pair = f"{auth.basic.username}:{auth.basic.password.reveal()}"
            self._basic = b"Basic " + base64.b64encode(pair.encode())
        if auth is not None and auth.username_token is not None:
            self._token = TokenGate(auth.username_token)

    @property
    def understands_security(self) -> bool:
        """A `Security` header is looked at."""
        return self._token is not None

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Whether the head of a request may pass."""
        given = headers.get("authorization", "").encode()
        return not self._basic or hmac.compare_digest(given, self._basic)

    def check(self, envelope: Envelope, now: datetime) -> None:
        """Raises Denied where the envelope may not pass."""
        if self._token is not None:
            self._token.check(envelope, now)


class TokenGate:
    """Checks UsernameTokens against one user."""

    def __init__(self, settings: UsernameTokenSettings) -> None:
        """Raises MissingSecret."""
        self._username = settings.username.encode()
        self._password = settings.password.reveal().encode()
        self._digest = settings.digest
        self._nonces: OrderedDict[bytes, datetime] = OrderedDict()
        """Nonces that were used, and until when they are remembered; the first ends first."""

    def check(self, envelope: Envelope, now: datetime) -> None:
        """Raises Denied."""
        security = [header for header in envelope.headers if header.tag == f"{{{WSSE}}}Security"]
        tokens = [token for one in security for token in one.iterfind(f"{{{WSSE}}}UsernameToken")]
        if len(tokens) != 1:
            raise Denied(f"the Security header holds {len(tokens)} UsernameTokens; one is needed", "InvalidSecurity")
        for one in security:
            self._check_time(one, now)
        token = tokens[0]
        password = token.find(f"{{{WSSE}}}Password")
        if password is None:
            raise Denied("the UsernameToken has no password", "InvalidSecurityToken")
        if (password.get("Type") or "").endswith(_DIGEST) != self._digest:
            wanted = "PasswordDigest" if self._digest else "PasswordText"
            raise Denied(f"the password is asked for as {wanted}", "UnsupportedSecurityToken")
        known = hmac.compare_digest(_text(token, WSSE, "Username").encode(), self._username)
        given = (password.text or "").strip().encode()
        if self._digest:
            self._check_digest(token, given, now, known=known)
        elif not (hmac.compare_digest(given, self._password) and known):
            raise Denied("user name or password is wrong")

    def _check_digest(self, token: etree._Element, given: bytes, now: datetime, *, known: bool) -> None:
        created = _text(token, WSU, "Created")
        try:
            nonce = base64.b64decode(_text(token, WSSE, "Nonce"), validate=True)
            at = _moment(created)
        except (binascii.Error, ValueError):
            raise Denied("nonce or time of the UsernameToken cannot be read", "InvalidSecurityToken") from None
        if not nonce:
            raise Denied("the UsernameToken has no nonce", "InvalidSecurityToken")
        # The profile has SHA-1; it is no signature here, but proof of a shared password with a fresh nonce.
        made = hashlib.sha1(nonce + created.encode() + self._password, usedforsecurity=False).digest()
        if not (hmac.compare_digest(given, base64.b64encode(made)) and known):
            raise Denied("user name or password is wrong")
        if abs(now - at) > FRESH:
            text = f"the UsernameToken is of {created}, and here it is {now:%Y-%m-%dT%H:%M:%SZ}"
            raise Denied(f"{text}; compare the clocks", "MessageExpired")
        self._use(nonce, now, at)

    def _use(self, nonce: bytes, now: datetime, at: datetime) -> None:
        while self._nonces and next(iter(self._nonces.values())) < now:
            self._nonces.popitem(last=False)
        if nonce in self._nonces:
            raise Denied("the nonce of the UsernameToken was used before; make a new one for each message")
        if len(self._nonces) >= _MOST_NONCES:
            raise Denied("too many messages in a short time; send it again later")
        self._nonces[nonce] = max(now, at) + FRESH

    def _check_time(self, security: etree._Element, now: datetime) -> None:
        expires = security.findtext(f"{{{WSU}}}Timestamp/{{{WSU}}}Expires")
        if not expires:
            return
        try:
            is_over = _moment(expires.strip()) + FRESH < now
        except ValueError:
            raise Denied("the time of the Security header cannot be read", "InvalidSecurity") from None
        if is_over:
            raise Denied(f"the message was valid until {expires.strip()}; compare the clocks", "MessageExpired")


def _text(token: etree._Element, namespace: str, name: str) -> str:
    return (token.findtext(f"{{{namespace}}}{name}") or "").strip()


def _moment(text: str) -> datetime:
    """Raises ValueError. A time without a zone is UTC (WS-Security 1.1, section 10)."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
