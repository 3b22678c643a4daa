"""How requests prove where they come from: headers that we send, and headers that we ask for."""

from __future__ import annotations

import asyncio
import hmac
import time
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import quote_plus

import msgspec
from aiohttp import ClientError, ClientSession

from tundish.errors import AuthFailed, Transient
from tundish_connectors.rest.settings import AuthSettings, OAuth2Settings

_EARLY = 60.0
"""Seconds before its end at which a token is fetched anew, so that none expires on its way."""
_UNSAID_LIFE = 300.0
"""Seconds that a token is used whose answer says no time."""


def expected_headers(auth: AuthSettings) -> tuple[str, tuple[str, ...]]:
    """Name of a header, in lower case, and the values of which one must stand in it. Raises MissingSecret.

    For `oauth2` there is none: those tokens are fetched.
    """
    if auth.api_key is not None:
        return auth.header.lower(), tuple(key.reveal() for key in auth.api_key)
    if auth.basic is not None:
        return "authorization", (_basic(auth.basic.username, auth.basic.password.reveal()),)
    if auth.bearer is not None:
        return "authorization", (f"Bearer {auth.bearer.reveal()}",)
    return "authorization", ()


def _basic(user: str, password: str) -> str:
    """The value of an `Authorization` header (RFC 7617)."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


class Gatekeeper:
    """Lets requests in that carry the right header."""

    def __init__(self, auth: AuthSettings | None) -> None:
        """Raises MissingSecret."""
        self.header = ""
        """Which header holds the secret, in lower case; empty where none is asked for."""
        self._values: tuple[bytes, ...] = ()
        if auth is not None:
            self.header, values = expected_headers(auth)
            self._values = tuple(value.encode() for value in values)

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Compared in constant time, so that nobody learns a key by measuring."""
        if not self.header:
            return True
        given = headers.get(self.header, "").encode("latin-1")
        # Every key is compared, also behind the right one, so that the time does not tell which it was.
        return sum(hmac.compare_digest(given, value) for value in self._values) > 0


class Credentials:
    """The header that goes with each request that we make."""

    def __init__(self, auth: AuthSettings | None, timeout: float) -> None:
        """Raises MissingSecret."""
        self._oauth2 = auth.oauth2 if auth is not None else None
        self._timeout = timeout
        self._fixed: dict[str, str] = {}
        self._token = ""
        self._until = 0.0
        self._turn = asyncio.Lock()
        if auth is not None and self._oauth2 is None:
            name, values = expected_headers(auth)
            self._fixed = {name: values[0]}

    @property
    def can_be_renewed(self) -> bool:
        """Whether a refusal may only mean that a token ended early."""
        return self._oauth2 is not None

    def forget(self) -> None:
        """Fetch a new token for the next request."""
        self._until = 0.0

    async def headers(self, session: ClientSession) -> Mapping[str, str]:
        """Raises AuthFailed where the token endpoint refuses us, Transient where it cannot be asked."""
        if self._oauth2 is None:
            return self._fixed
        async with self._turn:
            if time.monotonic() >= self._until:
                await self._fetch(session, self._oauth2)
            return {"authorization": f"Bearer {self._token}"}

    async def _fetch(self, session: ClientSession, oauth2: OAuth2Settings) -> None:
        form = {"grant_type": "client_credentials"} | ({"scope": oauth2.scope} if oauth2.scope else {})
        # RFC 6749, 2.3.1: both are form-encoded before they are joined.
        who = _basic(quote_plus(oauth2.client_id), quote_plus(oauth2.client_secret.reveal()))
        try:
            async with asyncio.timeout(self._timeout):
                async with session.post(
                    oauth2.token_url, data=form, headers={"Authorization": who}, allow_redirects=False
                ) as response:
                    status, body = response.status, await response.content.read(65536)
        except (ClientError, TimeoutError) as error:
            raise Transient(f"no access token could be fetched from {oauth2.token_url}: {error}") from error
        if status >= 500 or status == 429:
            raise Transient(f"the token endpoint {oauth2.token_url} answered {status}")
        if status != 200:
            raise AuthFailed(f"the token endpoint {oauth2.token_url} refused this client with {status}")
        self._keep(body, oauth2)

    def _keep(self, body: bytes, oauth2: OAuth2Settings) -> None:
        try:
            answer = msgspec.json.decode(body, type=_Token)
        except msgspec.DecodeError as error:
            raise AuthFailed(f"the token endpoint {oauth2.token_url} answered without a token") from error
        life = float(answer.expires_in)
        self._token = answer.access_token
        self._until = time.monotonic() + max(life - _EARLY, life / 2)


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float = _UNSAID_LIFE
