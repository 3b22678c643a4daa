"""What is wrong with a system that we call, without moving data: trust, time, credentials."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from tundish.errors import DeliveryError, TundishError
from tundish.faults import Fault
from tundish_connectors.rest.calling.answers import Answer
from tundish_connectors.rest.calling.client import HttpClient
from tundish_connectors.rest.calling.requests import HttpRequest

_WITHIN = 5.0
"""Seconds: routes wait for this when they start."""
_DAY = 86400.0
_EXPIRES_SOON = 30 * _DAY
_SKEW = 60.0
"""Seconds by which clocks may differ; tokens and signatures are often good for five minutes only."""
_NO_HEAD = frozenset({405, 501})


async def faults_of(client: HttpClient, path: str) -> Sequence[Fault]:
    """Connect, and ask for the head of what is at `path`; never raises for what the system does."""
    try:
        async with asyncio.timeout(_WITHIN):
            certificate = await client.reach()
            begun = time.time()
            answer = await _asked(client, path)
            now = (begun + time.time()) / 2
    except TimeoutError:
        return (Fault("url", f"{client.url} gives no answer within {_WITHIN:g} s", "see whether it is running"),)
    except TundishError as error:
        text = error.text if isinstance(error, DeliveryError) else str(error)
        return (Fault("url", text, "see whether it is running, and whether this machine may reach it"),)
    return (*_expiry(certificate, time.time()), *_skew(answer.headers.get("date", ""), now), *refusals(answer, path))


async def _asked(client: HttpClient, path: str) -> Answer:
    answer = await client.ask(HttpRequest("HEAD", path, {}, {}))
    return await client.ask(HttpRequest("GET", path, {}, {})) if answer.status in _NO_HEAD else answer


def refusals(answer: Answer, path: str) -> Iterator[Fault]:
    """What the status tells about our rights."""
    said = f"{path} answers {answer.status} {answer.reason}".rstrip()
    if answer.status in {401, 407}:
        yield Fault("auth", f"{said}: the credentials are refused", "correct 'auth', or the user in the system")
    elif answer.status == 403:
        yield Fault("auth", f"{said}: the user lacks a right", "grant it in the system")
    elif 300 <= answer.status < 400:
        where = answer.headers.get("location", "")
        yield Fault("url", f"{said}, to {where}", "write the address where the system is; redirects are not followed")
    elif answer.status >= 500:
        yield Fault("url", said, "look into the system's log")


def _expiry(certificate: Mapping[str, Any], now: float) -> Iterator[Fault]:
    until = certificate.get("notAfter")
    if not isinstance(until, str):
        return
    left = ssl.cert_time_to_seconds(until) - now
    if left < _EXPIRES_SOON:
        days = int(left // _DAY)
        yield Fault("tls", f"the system's certificate expires in {days} days ({until})", "renew it there")


def _skew(date: str, now: float) -> Iterator[Fault]:
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return
    if abs(theirs - now) > _SKEW:
        which = "ahead of" if theirs > now else "behind"
        yield Fault("url", f"the system's clock is {abs(theirs - now):.0f} s {which} ours", "set both by NTP")
