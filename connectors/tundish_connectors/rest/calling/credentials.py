"""What goes with each request that we make, so that the system knows who asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from urllib.parse import quote_plus

import msgspec
from aiohttp import ClientError, ClientSession

from tundish.errors import AuthFailed, Transient
from tundish_connectors.rest.credentials import basic, expected_headers
from tundish_connectors.rest.settings import AuthSettings, OAuth2Settings

_EARLY = 60.0
"""Seconds before its end at which a token is fetched anew, so that none expires on its way."""
_UNSAID_LIFE = 300.0
"""Seconds that a token is used whose answer says no time."""


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
            self._fixed = {name: values[0]} if values else {}

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
        if time.monotonic() >= self._until:
            async with self._turn:
                if time.monotonic() >= self._until:
                    await self._fetch(session, self._oauth2)
        return {"authorization": f"Bearer {self._token}"}

    async def _fetch(self, session: ClientSession, oauth2: OAuth2Settings) -> None:
        form = {"grant_type": "client_credentials"} | ({"scope": oauth2.scope} if oauth2.scope else {})
        # RFC 6749, 2.3.1: both are form-encoded before they are joined.
        who = basic(quote_plus(oauth2.client_id), quote_plus(oauth2.client_secret.reveal()))
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
