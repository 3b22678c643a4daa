"""The public keys of an issuer of tokens (JWKS, RFC 7517): read or fetched, kept, and fetched anew when needed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import jwt

from tundish.errors import Misconfigured
from tundish.sdk import Logger, TlsSettings, client_context
from tundish.telemetry import Event
from tundish_connectors.rest.listen_settings import JwtSettings

_KEEP = 3600.0
"""Seconds after which keys are fetched anew, so that a withdrawn one is forgotten."""
_PAUSE = 10.0
"""Seconds between two fetches, whatever tokens claim: strangers must not be able to make us call the issuer."""
_WITHIN = 5.0
_LARGEST = 1024 * 1024


class KeySet:
    """Finds the key that a token names."""

    def __init__(self, settings: JwtSettings, log: Logger) -> None:
        """Raises Misconfigured where the file of the keys or of the authorities cannot be used."""
        self._settings = settings
        self._log = log
        self._keys: Mapping[str, Any] = {}
        self._fetched = -_KEEP
        self._tried = -_PAUSE
        self._turn = asyncio.Lock()
        self._tls: Any = True
        if settings.jwks_file is not None:
            try:
                self._keys = _parsed(settings.jwks_file.read_bytes())
            except (OSError, ValueError, jwt.PyJWTError) as error:
                raise Misconfigured(f"the keys in {settings.jwks_file} cannot be used: {error}") from error
        elif settings.ca_file is not None:
            self._tls = client_context(TlsSettings(ca_file=settings.ca_file))

    @property
    def is_fresh(self) -> bool:
        """The keys need no fetching."""
        return self._settings.jwks_url is None or time.monotonic() - self._fetched < _KEEP

    def known(self, key_id: str | None) -> Any | None:
        """The key with this id; a token without one means the only key. None where there is no such key."""
        if key_id is not None:
            return self._keys.get(key_id)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    async def find(self, key_id: str | None) -> Any | None:
        """The same, with a fetch where the key is unknown or the keys are old. Raises ConnectionError without keys."""
        if self.is_fresh and self.known(key_id) is not None:
            return self.known(key_id)
        if self._settings.jwks_url is not None:
            async with self._turn:
                await self._refresh(self._settings.jwks_url, key_id)
            if not self._keys:
                raise ConnectionError(f"the keys of {self._settings.jwks_url} cannot be fetched")
        return self.known(key_id)

    async def _refresh(self, url: str, key_id: str | None) -> None:
        now = time.monotonic()
        if (self.is_fresh and self.known(key_id) is not None) or now - self._tried < _PAUSE:
            return
        try:
            self._keys = await self._fetch(url)
        except (aiohttp.ClientError, TimeoutError, ValueError, jwt.PyJWTError) as error:
            # The old keys stay good: an issuer that is down for a while must not stop the plant.
            self._log.warning(Event.REQUEST_REFUSED, url=url, error=f"the keys cannot be fetched: {error}")
        else:
            self._fetched = now
        finally:
            self._tried = time.monotonic()

    async def _fetch(self, url: str) -> Mapping[str, Any]:
        timeout = aiohttp.ClientTimeout(total=_WITHIN)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, ssl=self._tls, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise ValueError(f"the answer is {response.status}")
            body = b""
            async for chunk in response.content.iter_chunked(65536):
                body += chunk
                if len(body) > _LARGEST:
                    raise ValueError("the answer is too long")
            return _parsed(body)


def _parsed(content: bytes) -> Mapping[str, Any]:
    """Keys by their id. Raises ValueError or PyJWTError."""
    text = jwt.PyJWKSet.from_json(content.decode())
    return {key.key_id or f"key {number}": key for number, key in enumerate(text.keys)}
