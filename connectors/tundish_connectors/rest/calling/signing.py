"""Signatures of the requests that we make: HMAC over time, method, target and body, as a listener of ours checks it."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping

from tundish_connectors.rest.listen_settings import HmacSettings

_MICROSECOND = 1_000_000


class Signer:
    """Signs each request anew. No two signatures have the same time, so that no request looks like a replayed one."""

    def __init__(self, settings: HmacSettings, clock: Callable[[], float] = time.time) -> None:
        """Raises MissingSecret."""
        self._settings = settings
        self._key = settings.key[0].reveal().encode()
        self._clock = clock
        self._last = 0

    def headers(self, method: str, target: str, body: bytes) -> Mapping[str, str]:
        """The signature and its time. `target` is path and query as they are sent.

        What is signed: unix seconds, method and target, each followed by a line feed, then the body.
        """
        self._last = max(int(self._clock() * _MICROSECOND), self._last + 1)
        stamp = f"{self._last // _MICROSECOND}.{self._last % _MICROSECOND:06d}"
        signed = f"{stamp}\n{method}\n{target}\n".encode() + body
        signature = hmac.new(self._key, signed, self._settings.algorithm).hexdigest()
        return {self._settings.timestamp_header: stamp, self._settings.header: signature}
