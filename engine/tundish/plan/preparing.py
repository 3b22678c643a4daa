"""What one destination is to be sent."""

from __future__ import annotations

from datetime import datetime

from tundish.formats.contract import InterchangeFormat
from tundish.language.evaluation.values import is_true
from tundish.model import Outgoing, Scope, Value
from tundish.plan.evaluation import template_scope
from tundish.plan.route import DestinationPlan


def prepare(
    destination: DestinationPlan,
    record: Value,
    scope: Scope,
    *,
    seq: int,
    key: str,
    idempotency_key: str,
    attempt: int,
    control: int = 1,
) -> Outgoing | None:
    """One outgoing message; None where the destination's `when` does not hold.

    Templates see the fields of the message behind its steps, and over them `meta`, `plant`, `vars` and `body`, which
    is what the destination's mapping made. `id` is the message's number where the record has no field of that name.

    `control` is the control number of an interchange.

    Raises Invalid where the condition, the mapping or the format finds faults.
    """
    if destination.when is not None and not is_true(destination.when(record, scope)):
        return None
    body = destination.map(record, scope) if destination.map is not None else record
    return Outgoing(
        id=seq,
        key=key,
        idempotency_key=idempotency_key,
        record=body,
        body=_encoded(destination, body, scope, control),
        content_type=destination.format.content_type,
        scope={"id": seq, **template_scope(record, scope, body=body)},
        attempt=attempt,
    )


def _encoded(destination: DestinationPlan, body: Value, scope: Scope, control: int) -> bytes:
    form = destination.format
    if not isinstance(form, InterchangeFormat):
        return form.encode([body])
    # Dated by the message, so that a second attempt sends the same bytes.
    now = scope.get("now")
    return form.encode([body], control=control, now=now if isinstance(now, datetime) else None)
