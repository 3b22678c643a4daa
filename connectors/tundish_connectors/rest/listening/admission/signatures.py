"""Signed requests: HMAC over time, method, target and body, each signature good for one request."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable

from tundish_connectors._http.exchange import Request
from tundish_connectors.rest.listen_settings import HmacSettings
from tundish_connectors.rest.listening.admission.gate import Gate, Refused

MOST_REMEMBERED = 1_000_000
"""Signatures that are remembered at the same time, some 100 bytes each."""


def text_to_sign(timestamp: str, method: str, target: bytes, body: bytes) -> bytes:
    """What both sides sign: time, method, and path with query as sent, each followed by a line feed; then the body."""
    return b"".join((timestamp.encode(), b"\n", method.encode(), b"\n", target, b"\n", body))


class Signatures(Gate):
    """Checks signatures, and remembers them for as long as their time is near enough."""

    challenge = "HMAC"

    def __init__(self, settings: HmacSettings, clock: Callable[[], float] = time.time) -> None:
        """Raises MissingSecret."""
        self._settings = settings
        self._clock = clock
        self._keys = tuple(key.reveal().encode() for key in settings.key)
        self._header = settings.header.lower()
        self._timestamp_header = settings.timestamp_header.lower()
        self.headers = frozenset({self._header})
        self.scheme = {
            "type": "apiKey",
            "in": "header",
            "name": settings.header,
            "description": f"HMAC-{settings.algorithm.upper()} in hexadecimal digits over the time of the header "
            f"'{settings.timestamp_header}' (unix seconds), the method, and path with query, each followed by a line "
            "feed, and the body.",
        }
        # What was signed before the start may have been used before the start, which nobody remembers.
        self._since = clock() - 1.0
        self._seen: dict[int, set[bytes]] = {}
        self._count = 0

    def knock(self, request: Request) -> str | None:
        """The time must be near, and a signature there; whether it is right depends on the body."""
        if self._header not in request.headers or self._timestamp_header not in request.headers:
            raise Refused(
                "the signature is missing",
                f"send '{self._settings.header}' and '{self._settings.timestamp_header}' with each request",
            )
        self._time(request)
        return None

    def _time(self, request: Request) -> float:
        text = request.headers[self._timestamp_header]
        try:
            at = float(text) if text.isascii() and len(text) < 32 and text.replace(".", "", 1).isdecimal() else -1.0
        except ValueError:
            at = -1.0
        now = self._clock()
        if abs(at - now) > self._settings.tolerance:
            raise Refused(
                "the time of the signature is too far from ours",
                f"sign again with the time of now, in unix seconds; here it is {now:.0f}",
            )
        if at < self._since:
            raise Refused("the signature is older than this listener", "sign again with the time of now")
        return at

    async def admit(self, request: Request) -> str:
        """Raises Refused for a wrong signature, and for one that was used before."""
        at = self._time(request)
        stamp = request.headers[self._timestamp_header]
        signed = text_to_sign(stamp, request.method, request.target, request.body)
        given = request.headers[self._header].removeprefix(f"{self._settings.algorithm}=").lower().encode()
        good = b""
        for key in self._keys:
            # Every key is tried, so that the time does not tell which one it was.
            digest = hmac.new(key, signed, self._settings.algorithm).hexdigest().encode()
            if hmac.compare_digest(given, digest):
                good = digest
        if not good:
            raise Refused("the signature is wrong", "compare the text that is signed with the README of 'rest'")
        self._remember(int(at), good)
        return ""

    def _remember(self, second: int, signature: bytes) -> None:
        oldest = int(self._clock() - self._settings.tolerance) - 1
        for past in [each for each in self._seen if each < oldest]:
            self._count -= len(self._seen.pop(past))
        known = self._seen.setdefault(second, set())
        short = bytes.fromhex(signature[:32].decode())
        if short in known:
            raise Refused("this signature was used before", "sign each request anew, repeats too")
        if self._count >= MOST_REMEMBERED:
            # A signature that is not remembered could be used again, so it is not accepted at all.
            raise Refused("too many signed requests came lately", "try again later", status=503)
        known.add(short)
        self._count += 1
