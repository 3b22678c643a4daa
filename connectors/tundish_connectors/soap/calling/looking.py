"""Looks at a service without calling an operation: whether it is there, lets us in, and has the time."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from email.utils import parsedate_to_datetime

from tundish.errors import AuthFailed, NotConnected, Transient, Unknown
from tundish.faults import Fault
from tundish_connectors.soap.calling.wire import HttpAnswer, Wire
from tundish_connectors.soap.settings import SoapConnectionSettings

_WITHIN = 5.0
_EXPIRES_SOON = 14 * 86400.0
_SKEW = 60.0
"""Seconds; services refuse tokens that are some minutes old, or from the future."""


async def look(wire: Wire, settings: SoapConnectionSettings) -> Sequence[Fault]:
    """Every fault, with its cure."""
    try:
        async with asyncio.timeout(_WITHIN):
            until, answer = await wire.reach(), await wire.get()
    except TimeoutError:
        return [Fault("url", f"{wire.url} gives no answer within {_WITHIN:g} s", "look whether the service runs")]
    except AuthFailed as error:
        return [Fault("tls", error.text, "trust its authority with 'ca_file'")]
    except (NotConnected, Transient, Unknown) as error:
        return [Fault("url", str(error), "look whether the service runs, and whether 'url' is right")]
    return [*_of_answer(wire, answer, settings), *_of_certificate(until)]


def _of_answer(wire: Wire, answer: HttpAnswer, settings: SoapConnectionSettings) -> Sequence[Fault]:
    if answer.status in {401, 403}:
        return [
            Fault(
                "auth", f"{wire.url} answered {answer.status} {answer.reason}", "correct 'auth', or ask for the right"
            )
        ]
    if 300 <= answer.status < 400:
        where = answer.headers.get("location", "")
        return [Fault("url", f"{wire.url} leads to {where}, and redirects are not followed", "set 'url' to that")]
    token = settings.auth is not None and (settings.auth.username_token or settings.auth.signature)
    try:
        skew = time.time() - parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return []
    if token and abs(skew) > _SKEW:
        text = f"the service's clock differs from ours by {abs(skew):.0f} s, and tokens hold the time"
        return [Fault("auth", text, "let both follow a time server")]
    return []


def _of_certificate(until: str) -> Sequence[Fault]:
    if not until or ssl.cert_time_to_seconds(until) - time.time() > _EXPIRES_SOON:
        return []
    return [Fault("tls", f"the service's certificate ends {until}", "ask its owner for a new one")]
