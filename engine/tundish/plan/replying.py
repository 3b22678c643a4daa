"""What a route replies after delivery. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tundish.errors import Invalid
from tundish.formats.json_reader import encode_json
from tundish.model import Progress, Receipt, Record, Scope, Value
from tundish.plan.route import ReplyPlan

LONGEST_ANSWER = 16 * 1024
"""Bytes of a destination's answer that are kept for the reply; of a longer one, the body is left out."""


def reply_content(plan: ReplyPlan, messages: Sequence[Progress], record: Value, scope: Scope) -> Value:
    """What the reply says of delivered messages; `record` is the first of them. Raises Invalid.

    Without an expression these are the ids and the states.
    """
    first = messages[0]
    ids: list[Value] = [str(message.id) for message in messages]
    destinations: Record = {
        each.destination: {"state": each.state, "remote_id": each.remote_id or None, "answer": each.answer}
        for each in first.deliveries
    }
    if plan.body is None:
        states: Record = {each.destination: {"state": each.state} for each in first.deliveries}
        return {"id": str(first.id), "ids": ids, "outcome": "delivered", "deliveries": states}
    return plan.body({"id": str(first.id), "ids": ids, "message": record, "destinations": destinations}, scope)


def kept_answer(receipt: Receipt) -> str:
    """A destination's answer as the journal keeps it for the reply: as JSON, so that a repeat is told the same."""
    facts = dict(receipt.facts) or {"detail": receipt.detail}
    try:
        text = encode_json(facts)
        if len(text) > LONGEST_ANSWER:
            text = encode_json({**facts, "body": None})
    except Invalid:
        return receipt.detail
    return text.decode() if len(text) <= LONGEST_ANSWER else receipt.detail
