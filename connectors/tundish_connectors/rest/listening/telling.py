"""What a client is told about its message. Pure."""

from __future__ import annotations

import math

from tundish.model import Acceptance, Progress, Record, Reply, Value
from tundish_connectors.rest.listening.request import Answer, refusal

_BAD_MESSAGE = {"Invalid", "Rejected", "BusinessRejected"}
"""Errors for which the message is to blame, or a rule about it: sending it again as it is helps nobody."""
_STATES = {"open": "accepted", "held": "held", "dead": "dead letter", "done": "delivered"}


def acceptance_answer(acceptance: Acceptance, path: str) -> Answer:
    """The answer to a request whose unit is on disk."""
    content, where = _ids(acceptance), _location(acceptance, path)
    match acceptance.outcome:
        case "accepted":
            return Answer(202, content, where)
        case "duplicate":
            return Answer(200, content, where)
        case "conflict":
            text = "the same key came before with other content"
            return Answer(409, {**content, "error": text, "cure": "send it under a key of its own"}, where)
        case "invalid":
            faults: list[Value] = [
                {"where": fault.path, "text": fault.text, "cure": fault.cure} for fault in acceptance.faults
            ]
            return Answer(422, {**content, "faults": faults})


def reply_answer(acceptance: Acceptance, reply: Reply, path: str) -> Answer:
    """The answer of a route that replies after delivery."""
    content, where = _ids(acceptance), _location(acceptance, path)
    deliveries: Record = {
        each.destination: _delivery(each.state, each.remote_id)
        for message in reply.messages
        for each in message.deliveries
    }
    match reply.outcome:
        case "late":
            note = "it is safe and not delivered yet; ask at 'Location', or send it again"
            late: Record = {**content, "outcome": "accepted", "note": note, "deliveries": deliveries}
            return Answer(202, late, (*where, ("Retry-After", "5")))
        case "delivered":
            told: Value = {**content, "outcome": "delivered", "deliveries": deliveries}
            return Answer(200, told if reply.content is None else reply.content, where)
        case "dead":
            dead = [each for message in reply.messages for each in message.deliveries if each.state == "dead"]
            faults: list[Value] = [{"where": each.destination, "error": each.error, "text": each.text} for each in dead]
            status = 422 if all(each.error in _BAD_MESSAGE for each in dead) else 502
            failed: Record = {**content, "outcome": "dead letter", "faults": faults, "deliveries": deliveries}
            return Answer(status, failed, where)


def progress_answer(progress: Progress) -> Answer:
    """Where a message stands; its content and the answers of destinations are not told."""
    content: Record = {
        "id": str(progress.id),
        "state": _STATES[progress.state],
        "accepted": progress.accepted.isoformat(),
        "deliveries": {
            each.destination: _delivery(each.state, each.remote_id, each.error) for each in progress.deliveries
        },
    }
    return Answer(200, content, (("Cache-Control", "no-store"),))


def later(text: str, seconds: float) -> Answer:
    """Nothing can be taken now."""
    wait = max(1, math.ceil(seconds))
    return refusal(503, text, f"send it again in {wait} s", ("Retry-After", str(wait)))


def _delivery(state: str, remote_id: str, error: str = "") -> Record:
    told: Record = {"state": _STATES.get(state, state)}
    if remote_id:
        told["remote_id"] = remote_id
    if error:
        told["error"] = error
    return told


def _ids(acceptance: Acceptance) -> Record:
    ids: list[Value] = [str(number) for number in acceptance.ids]
    return {"id": ids[0] if ids else None, "ids": ids, "outcome": acceptance.outcome}


def _location(acceptance: Acceptance, path: str) -> tuple[tuple[str, str], ...]:
    return (("Location", f"{path.rstrip('/')}/{acceptance.ids[0]}"),) if acceptance.ids else ()
