"""What a client hears when its message is on disk, or when it is delivered where the route waits for that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.model import Acceptance, DeliveryProgress, Record, Reply, Value
from tundish_connectors.soap.arguments import Arguments
from tundish_connectors.soap.listening.telling import Told
from tundish_connectors.soap.wsdl.service import Operation, Service

_AGAIN = 5.0
"""Seconds after which a client may ask again for what is not delivered yet."""
_OF_THE_MESSAGE = {"Rejected", "BusinessRejected", "Invalid"}
"""Errors that another message would not have."""


class Answers:
    """Makes the answers of one operation, as the WSDL wants them."""

    def __init__(self, response: Arguments | None, operation: Operation, service: Service) -> None:
        self._response = response
        self._operation = operation
        self._service = service

    def fault(self) -> str:
        """Why answers do not fit the WSDL, as far as that shows before there is a request; empty where they do.

        It is looked at early, since a request is on disk when its answer turns out to be wrong.
        """
        try:
            values = self._values(Acceptance("accepted", (1,)), {}, None)
        except Invalid:
            return ""  # It is made of what stands in a request.
        try:
            self._service.written(self._operation.response, values)
        except Invalid as error:
            wanted = "; ".join(f"{fault.path}: {fault.text}" for fault in error.faults)
            return f"the answer of '{self._operation.name}' does not fit the WSDL: {wanted}"
        return ""

    def told(self, acceptance: Acceptance, record: Value, reply: Reply | None) -> Told:
        """What to say of a message that is there; with a reply, of its deliveries."""
        if reply is None or reply.outcome == "delivered":
            return self._answer(acceptance, record, reply)
        if reply.outcome == "late":
            text = f"the message was accepted as {_ids(acceptance)} and is not delivered yet; send it again to ask"
            return Told(code="Server", text=text, retry_after=_AGAIN)
        if reply.outcome == "dead":
            return _dead(acceptance, reply)
        assert_never(reply.outcome)

    def _answer(self, acceptance: Acceptance, record: Value, reply: Reply | None) -> Told:
        try:
            content = reply.content if reply is not None else None
            values = self._values(acceptance, record, reply) if content is None else content
            return Told(body=self._service.written(self._operation.response, values))
        except Invalid as error:
            # The client may send it again, and is told then that it was there; it must not believe that it was refused.
            text = f"the message was accepted as {_ids(acceptance)}, and its answer cannot be made: {error}"
            return Told(code="Server", text=text, faults=error.faults)

    def _values(self, acceptance: Acceptance, record: Value, reply: Reply | None) -> Record:
        """Raises Invalid where a template of the answer gives nothing."""
        if self._response is None:
            return {}
        ids: list[Value] = [str(number) for number in acceptance.ids]
        scope: dict[str, object] = {"id": ids[0] if ids else "", "ids": ids, "outcome": acceptance.outcome}
        scope["request"] = record
        if reply is not None:
            scope["destinations"] = {
                delivery.destination: {
                    "state": delivery.state,
                    "remote_id": delivery.remote_id,
                    "answer": delivery.answer,
                }
                for delivery in _deliveries(reply)
            }
        return self._response.render(scope)


def refusal(acceptance: Acceptance) -> Told:
    """What to say of a message that was not taken as one."""
    if acceptance.outcome == "conflict":
        return Told(code="Client", text="the same key came before with other content")
    text = f"the message was refused: {len(acceptance.faults)} faults"
    return Told(code="Client", text=text, faults=acceptance.faults)


def _dead(acceptance: Acceptance, reply: Reply) -> Told:
    """Sending it again would change nothing: a person has to act."""
    dead = [delivery for delivery in _deliveries(reply) if delivery.state == "dead"]
    faults = tuple(Fault(one.destination, f"{one.error}: {one.text}", "an operator has it") for one in dead)
    is_of_the_message = all(one.error in _OF_THE_MESSAGE for one in dead)
    text = f"the message was accepted as {_ids(acceptance)} and could not be delivered"
    said = "; ".join(f"{fault.path}: {fault.text}" for fault in faults)
    return Told(code="Client" if is_of_the_message else "Server", text=f"{text}: {said}", faults=faults)


def _deliveries(reply: Reply) -> Iterator[DeliveryProgress]:
    return (delivery for message in reply.messages for delivery in message.deliveries)


def _ids(acceptance: Acceptance) -> str:
    return ", ".join(map(str, acceptance.ids)) or "nothing"
