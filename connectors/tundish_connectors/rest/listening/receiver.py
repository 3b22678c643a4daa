"""Receives requests; each is a unit, answered when the journal has it."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tundish.errors import Backpressure, JournalError, NotConnected
from tundish.model import Acceptance, Record, Unit, Value
from tundish.sdk import Intake
from tundish.telemetry import masked
from tundish_connectors.rest.listening.listener import Listener, reply

_LONGEST_KEY = 255
_NOT_READY = 1.0
"""Seconds after which a client may try again while the route is being opened."""


class Receiver:
    """One method and path at the connection's address."""

    def __init__(self, method: str, path: str, listener: Listener) -> None:
        self._method = method
        self._path = path
        self._listener = listener
        self._route: Route | None = None
        self._intake: Intake | None = None

    async def open(self) -> None:
        """Answer at this path, with 503 until `run`. Raises Misconfigured where another route has it."""
        self._route = await self._listener.add(self._method, self._path, self._take)

    def close(self) -> None:
        """Answer no more."""
        self._intake = None
        if self._route is not None:
            self._listener.remove(self._route)
            self._route = None

    async def run(self, intake: Intake) -> None:
        """Take requests until cancelled. Raises NotConnected where it is not open."""
        if self._route is None:
            raise NotConnected("the source is not open")
        self._intake = intake
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._intake = None

    async def _take(self, request: Request, body: bytes) -> Response:
        key = request.headers.get("idempotency-key", "")
        if len(key) > _LONGEST_KEY:
            return reply(400, {"error": f"the Idempotency-Key is longer than {_LONGEST_KEY} characters"})
        if self._intake is None:
            return _later("the route is not ready", _NOT_READY)
        unit = Unit(body=body, received=datetime.now(UTC), meta=self._meta(request), name=key)
        try:
            acceptance = await self._intake.accept(unit)
        except Backpressure as full:
            return _later("messages cannot be stored now", full.seconds)
        except JournalError:
            return _later("messages cannot be stored now", _NOT_READY)
        return _answer(acceptance, request.url.path)

    def _meta(self, request: Request) -> Record:
        """What expressions see as `$meta`; never a secret."""
        secret = self._listener.secret_header
        headers: Record = {name: value for name, value in request.headers.items() if name != secret}
        path: Record = {name: str(value) for name, value in request.path_params.items()}
        query: Record = {}
        for name, value in request.query_params.multi_items():
            seen = query.get(name)
            if seen is None:
                query[name] = value
            else:
                query[name] = [*seen, value] if isinstance(seen, list) else [seen, value]
        return {
            "method": request.method,
            "path": path,
            "query": dict(masked(query)),
            "headers": dict(masked(headers)),
            "remote": request.client.host if request.client is not None else "",
        }


def _later(text: str, seconds: float) -> Response:
    return reply(503, {"error": text}, {"Retry-After": str(max(1, math.ceil(seconds)))})


def _answer(acceptance: Acceptance, path: str) -> Response:
    ids: list[Value] = [str(number) for number in acceptance.ids]
    content: Record = {"id": ids[0] if ids else None, "ids": ids, "outcome": acceptance.outcome}
    where = {"Location": f"{path.rstrip('/')}/{ids[0]}"} if ids else {}
    match acceptance.outcome:
        case "accepted":
            return reply(202, content, where)
        case "duplicate":
            return reply(200, content, where)
        case "conflict":
            return reply(409, {**content, "error": "the same key came before with other content"})
        case "invalid":
            faults: list[Value] = [
                {"where": fault.path, "text": fault.text, "cure": fault.cure} for fault in acceptance.faults
            ]
            return reply(422, {**content, "faults": faults})
