"""OAuth 2.0 access tokens that are JWTs (RFC 9068), checked against the public keys of their issuer."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import jwt

from tundish.faults import Fault
from tundish.sdk import Logger
from tundish_connectors._http.exchange import Request
from tundish_connectors.rest.listen_settings import JwtSettings
from tundish_connectors.rest.listening.admission.gate import Gate, Refused
from tundish_connectors.rest.listening.admission.keysets import KeySet

_REMEMBERED = 1000
"""Good tokens whose signature is not checked again; a check takes as long as everything else about a request."""
_LONGEST = 16 * 1024
_TRUST = 300.0
"""Seconds after which a token is checked again, so that a withdrawn key ends it."""


class Tokens(Gate):
    """Lets in who has a token that the issuer made for this listener."""

    challenge = "Bearer"

    def __init__(self, settings: JwtSettings, log: Logger) -> None:
        """Raises Misconfigured."""
        self._settings = settings
        self._keys = KeySet(settings, log)
        self._good: OrderedDict[bytes, tuple[float, float, str]] = OrderedDict()
        self.headers = frozenset({"authorization"})
        self.scheme = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}

    def knock(self, request: Request) -> str | None:
        """Fetching keys takes time, so an unknown key is looked for when the request is complete."""
        token = _token_of(request)
        remembered = self._remembered(token)
        if remembered is not None:
            return remembered
        header = _header_of(token)
        if header.get("alg") not in self._settings.algorithms:
            raise Refused("the token is signed in a way that is not accepted", "see 'algorithms' of the connection")
        key = self._keys.known(header.get("kid")) if self._keys.is_fresh else None
        return None if key is None else self._checked(token, key)

    async def admit(self, request: Request) -> str:
        """Raises Refused."""
        token = _token_of(request)
        try:
            key = await self._keys.find(_header_of(token).get("kid"))
        except ConnectionError as error:
            raise Refused("tokens cannot be checked now", "try again later", status=503) from error
        if key is None:
            raise Refused("the token is signed with a key that its issuer does not publish")
        return self._checked(token, key)

    async def check(self) -> Sequence[Fault]:
        """Whether the issuer's keys are there."""
        try:
            await self._keys.find(None)
        except ConnectionError as error:
            return (Fault("auth.jwt", str(error), "see whether this machine may reach the issuer"),)
        return ()

    def _remembered(self, token: str) -> str | None:
        known = self._good.get(_digest(token))
        if known is None:
            return None
        until, checked, sender = known
        if time.time() > until or time.monotonic() - checked > _TRUST:
            del self._good[_digest(token)]
            return None
        return sender

    def _checked(self, token: str, key: Any) -> str:
        settings = self._settings
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=list(settings.algorithms),
                audience=settings.audience,
                issuer=settings.issuer,
                leeway=settings.leeway,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise Refused(f"the token is not good: {_why(error)}") from error
        sender = str(claims.get("sub") or claims.get("client_id") or "")
        names = {sender, str(claims.get("client_id") or sender)}
        if settings.subjects and not names & set(settings.subjects):
            raise Refused(f"'{sender}' may not send", "add it to 'subjects' of the connection", status=403)
        if settings.scope is not None and settings.scope not in _scopes(claims):
            raise Refused(f"the token lacks the scope '{settings.scope}'", status=403)
        self._good[_digest(token)] = (float(claims["exp"]) + settings.leeway, time.monotonic(), sender)
        while len(self._good) > _REMEMBERED:
            self._good.popitem(last=False)
        return sender


def _token_of(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused("the token is missing", "send it as 'Authorization: Bearer …'")
    if len(token) > _LONGEST:
        raise Refused("the token is too long")
    return token.strip()


def _header_of(token: str) -> dict[str, Any]:
    try:
        return jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise Refused("this is no token", "send a JWT") from error


def _why(error: jwt.PyJWTError) -> str:
    match error:
        case jwt.ExpiredSignatureError():
            return "it has expired"
        case jwt.InvalidAudienceError():
            return "it is for another audience"
        case jwt.InvalidIssuerError():
            return "it is from another issuer"
        case jwt.ImmatureSignatureError() | jwt.InvalidIssuedAtError():
            return "it is not valid yet"
        case jwt.MissingRequiredClaimError():
            return f"it has no '{error.claim}'"
        case _:
            return "its signature is wrong"


def _scopes(claims: dict[str, Any]) -> set[str]:
    found = claims.get("scope", claims.get("scp", ""))
    return set(found) if isinstance(found, list) else set(str(found).split())


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
