"""What a route does with the requests of its operation: each is a unit, answered when the journal has it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
from starlette.requests import Request as HttpRequest

from tundish.errors import Backpressure, Invalid, JournalError, Misconfigured
from tundish.model import Acceptance, Record, Unit, Value
from tundish.sdk import Intake
from tundish.telemetry import masked
from tundish_connectors.soap.listening.listener import SoapListener, Told, action_of
from tundish_connectors.soap.listening.requests import Request
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
        self._settings = settings
        self._operation = operation
        self._service = service
        self._listener = listener
        self._intake: Intake | None = None

    async def open(self) -> None:
        """Answer, with 503 until `run`.

        Raises Misconfigured where another route has the operation, or the WSDL wants an answer that nobody gives.
        """
        self._try_response()
        await self._listener.add(self._operation.name, self.take)

    def _try_response(self) -> None:
        """Write an answer now, since a request is on disk when its answer turns out to be wrong."""
        try:
            values = self._values(Acceptance("accepted", (1,)), {})
        except Invalid:
            return  # It is made of what stands in a request.
        try:
            self._service.written(self._operation.response, values)
        except Invalid as error:
            wanted = "; ".join(f"{fault.path}: {fault.text}" for fault in error.faults)
            text = f"the answer of '{self._operation.name}' does not fit the WSDL: {wanted}"
            raise Misconfigured(text, "write below 'response' what the WSDL wants") from None

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
        return self._told(acceptance, request.record)

    def _told(self, acceptance: Acceptance, record: Value) -> Told:
        match acceptance.outcome:
            case "conflict":
                return Told(code="Client", text="the same key came before with other content")
            case "invalid":
                text = f"the message was refused: {len(acceptance.faults)} faults"
                return Told(code="Client", text=text, faults=acceptance.faults)
            case _:
                return self._answer(acceptance, record)

    def _answer(self, acceptance: Acceptance, record: Value) -> Told:
        try:
            values = self._values(acceptance, record)
            return Told(body=self._service.written(self._operation.response, values))
        except Invalid as error:
            # The client may send it again, and is told then that it was there; it must not believe that it was refused.
            text = f"the message was accepted as {list(acceptance.ids)}, and its answer cannot be made: {error}"
            return Told(code="Server", text=text, faults=error.faults)

    def _values(self, acceptance: Acceptance, record: Value) -> Record:
        """Raises Invalid where a template of the answer gives nothing."""
        ids: list[Value] = [str(number) for number in acceptance.ids]
        scope = {"id": ids[0] if ids else "", "ids": ids, "outcome": acceptance.outcome, "request": record}
        return self._settings.response.render(scope) if self._settings.response is not None else {}


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
        "remote": http.client.host if http.client is not None else "",
    }
