"""What a route does with the requests of its operation: each is a unit, answered when the journal has it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec

from tundish.errors import Backpressure, JournalError, Misconfigured
from tundish.model import Record, Unit
from tundish.sdk import Intake
from tundish.telemetry import masked
from tundish_connectors._http.exchange import Request as HttpRequest
from tundish_connectors.soap.listening.answers import Answers, refusal
from tundish_connectors.soap.listening.listener import SoapListener, action_of
from tundish_connectors.soap.listening.requests import Request
from tundish_connectors.soap.listening.telling import Told
from tundish_connectors.soap.messages.addressing import asked_id
from tundish_connectors.soap.settings import SoapSourceSettings
from tundish_connectors.soap.wsdl.service import Operation, Service

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_LONGEST_KEY = 255
_NOT_READY = 1.0
"""Seconds after which a client may try again while the route is being opened."""


class Taking:
    """One operation of the listener's service."""

    def __init__(
        self, settings: SoapSourceSettings, operation: Operation, service: Service, listener: SoapListener
    ) -> None:
        self._operation = operation
        self._settings = settings
        self._answers = Answers(settings.response, operation, service)
        self._listener = listener
        self._intake: Intake | None = None

    async def open(self) -> None:
        """Answer, with 503 until `run`.

        Raises Misconfigured where another route has the operation, or `response` does not fit the WSDL, NotConnected
        where the address is taken.
        """
        self.look()
        await self._listener.add(self._operation.name, self.take)

    def look(self) -> None:
        """Raises Misconfigured where `response` does not fit the WSDL."""
        is_left_to_the_route = self._settings.response is not None and not self._settings.response
        if not is_left_to_the_route and (wrong := self._answers.fault()):
            cure = (
                "write below 'response' what the WSDL wants, or 'response: {}' where the route's 'reply' has a 'body'"
            )
            raise Misconfigured(wrong, cure)

    async def close(self) -> None:
        """Answer no more."""
        self._intake = None
        self._listener.remove(self._operation.name, self.take)

    async def run(self, intake: Intake) -> None:
        """Take requests until cancelled."""
        self._intake = intake
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._intake = None

    async def take(self, request: Request, http: HttpRequest) -> Told:
        """Accept a request, and say what became of it."""
        name = http.headers.get("idempotency-key") or asked_id(request.envelope.headers)
        if len(name) > _LONGEST_KEY:
            return Told(code="Client", text=f"the Idempotency-Key is longer than {_LONGEST_KEY} characters")
        if self._intake is None:
            return _later("the route is not ready", _NOT_READY)
        unit = Unit(
            body=_ENCODER.encode(request.record),
            received=datetime.now(UTC),
            meta=_meta(request, http, self._settings.operation),
            name=name,
        )
        try:
            acceptance = await self._intake.accept(unit)
        except Backpressure as full:
            return _later("messages cannot be stored now", full.seconds)
        except JournalError:
            return _later("messages cannot be stored now", _NOT_READY)
        if acceptance.outcome in ("conflict", "invalid"):
            return refusal(acceptance)
        return self._answers.told(acceptance, request.record, await self._intake.reply(acceptance))


def _later(text: str, seconds: float) -> Told:
    return Told(code="Server", text=text, retry_after=seconds)


def _meta(request: Request, http: HttpRequest, operation: str) -> Record:
    """What expressions see as `$meta`; never a secret."""
    headers: Record = {name: value for name, value in http.headers.items() if name != "authorization"}
    return {
        "operation": operation,
        "action": action_of(http),
        "version": request.envelope.version,
        "message_id": asked_id(request.envelope.headers),
        "headers": dict(masked(headers)),
        "remote": http.remote,
    }
