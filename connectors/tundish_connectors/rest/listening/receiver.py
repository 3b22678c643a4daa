"""Receives the requests of one route; each is a unit, answered when the journal has it, or when it is delivered."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import parse_qsl

from tundish.errors import Backpressure, JournalError, NotConnected
from tundish.model import Acceptance, Record, Unit
from tundish.sdk import Context, Intake, RouteFacts
from tundish.telemetry import MASK, masked
from tundish_connectors._http.exchange import Request
from tundish_connectors.rest.listening.listener import Listener
from tundish_connectors.rest.listening.openapi import operation_of
from tundish_connectors.rest.listening.paths import Entry
from tundish_connectors.rest.listening.request import Answer, refusal
from tundish_connectors.rest.listening.route import Route
from tundish_connectors.rest.listening.telling import acceptance_answer, later, progress_answer, reply_answer

_LONGEST_KEY = 255
_MOST_PARAMETERS = 1000
_NOT_READY = 1.0
"""Seconds after which a client may try again while the route is being opened."""


class Receiver:
    """One method and path at the connection's address."""

    def __init__(self, method: str, path: str, listener: Listener, context: Context) -> None:
        self._method = method
        self._path = path
        self._listener = listener
        self._facts = context.route or RouteFacts(context.name.partition("/")[0])
        self._secret = listener.secret_headers
        self._entry: Entry[Route] | None = None
        self._intake: Intake | None = None

    async def open(self) -> None:
        """Answer at this path, with 503 until `run`. Raises Misconfigured where another route has it."""
        self._entry = await self._listener.add(self._method, self._path, self)

    def close(self) -> None:
        """Answer no more."""
        self._intake = None
        if self._entry is not None:
            self._listener.remove(self._entry)
            self._entry = None

    async def run(self, intake: Intake) -> None:
        """Take requests until cancelled. Raises NotConnected where it is not open."""
        if self._entry is None:
            raise NotConnected("the source is not open")
        self._intake = intake
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._intake = None

    def operation(self) -> Record:
        """The route as an operation of OpenAPI."""
        return operation_of(self._facts)

    async def tell(self, message: int) -> Answer | None:
        """Where a message stands; None where this route has no such message."""
        if self._intake is None:
            return later("the route is not ready", _NOT_READY)
        progress = await self._intake.progress(message)
        return None if progress is None else progress_answer(progress)

    async def take(self, request: Request) -> Answer:
        """Accept a unit, and answer when the route says."""
        key = request.headers.get("idempotency-key", "")
        if len(key) > _LONGEST_KEY:
            return refusal(400, f"the Idempotency-Key is longer than {_LONGEST_KEY} characters", "send a shorter one")
        intake = self._intake
        if intake is None:
            return later("the route is not ready", _NOT_READY)
        try:
            meta = self._meta(request)
        except ValueError:
            return refusal(400, f"the query has more than {_MOST_PARAMETERS} parameters", "send them in the body")
        unit = Unit(body=request.body, received=datetime.now(UTC), meta=meta, name=key)
        try:
            acceptance = await intake.accept(unit)
        except Backpressure as full:
            return later("messages cannot be stored now", full.seconds)
        except JournalError:
            return later("messages cannot be stored now", _NOT_READY)
        return await self._answer(intake, acceptance, request.path)

    async def _answer(self, intake: Intake, acceptance: Acceptance, path: str) -> Answer:
        if acceptance.outcome in {"accepted", "duplicate"} and self._facts.replies:
            try:
                reply = await intake.reply(acceptance)
            except JournalError:
                reply = None  # it is on disk all the same
            if reply is not None:
                return reply_answer(acceptance, reply, path)
        return acceptance_answer(acceptance, path)

    def _meta(self, request: Request) -> Record:
        """What expressions see as `$meta`; never a secret. Raises ValueError where there is too much."""
        secret = self._secret
        headers: Record = {
            name: MASK if _sounds_secret(name) else value
            for name, value in request.headers.items()
            if name not in secret
        }
        return {
            "method": request.method,
            "path": dict(request.parameters),
            "query": _query(request.query) if request.query else {},
            "headers": headers,
            "remote": request.remote,
            "sender": request.sender or "",
        }


@lru_cache(maxsize=1024)
def _sounds_secret(name: str) -> bool:
    return bool(masked({name: ""})[name] == MASK)


def _query(text: str) -> Record:
    query: Record = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS):
        seen = query.get(name)
        if seen is None:
            query[name] = value
        else:
            query[name] = [*seen, value] if isinstance(seen, list) else [seen, value]
    return dict(masked(query))
