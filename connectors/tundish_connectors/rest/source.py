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
from tundish.sdk import Context, Intake, Source
from tundish.telemetry import masked
from tundish_connectors.rest.connection import RestConnection
from tundish_connectors.rest.listener import Listener, reply
from tundish_connectors.rest.polling.poller import Poller
from tundish_connectors.rest.settings import RestSourceSettings

_LONGEST_KEY = 255
_NOT_READY = 1.0
"""Seconds after which a client may try again while the route is being opened."""


class RestSource(Source[RestSourceSettings, RestConnection]):
    """One method and path at the connection's address."""

    def __init__(self, settings: RestSourceSettings, connection: RestConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._intake: Intake | None = None
        self._added: tuple[Listener, Route] | None = None
        self._secret_header = ""
        self._poller: Poller | None = None

    async def open(self) -> None:
        """Answer at this path, with 503 until `run`. Raises Misconfigured where another route has it."""
        await self.close()
        if self.settings.poll is not None:
            self._poller = Poller(self.settings.poll, self.connection.client, self.context.log)
            await self.connection.client.reach()
            return
        assert self.settings.path is not None  # noqa: S101 - the settings have exactly one of the two
        listener = self.connection.listener
        self._secret_header = listener.secret_header
        self._added = (listener, await listener.add(self.settings.method, self.settings.path, self._take))

    async def close(self) -> None:
        """Answer no more."""
        self._intake = None
        if self._added is not None:
            listener, route = self._added
            listener.remove(route)
            self._added = None

    async def run(self, intake: Intake) -> None:
        """Take requests until cancelled."""
        if self._poller is not None:
            await self._poller.run(intake)
        if self._added is None:
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
        headers: Record = {name: value for name, value in request.headers.items() if name != self._secret_header}
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
