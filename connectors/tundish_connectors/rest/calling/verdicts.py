"""What the answer to a change means, by its status and by what the route says about it. Pure."""

from __future__ import annotations

from collections.abc import Collection

from tundish.errors import ExpressionError, Rejected
from tundish.model import Receipt
from tundish.sdk import Expression
from tundish_connectors.rest.calling.answers import Answer, receipt_of
from tundish_connectors.rest.calling.explanations import explanation


class Verdicts:
    """The rules of one destination."""

    def __init__(self, duplicate_status: Collection[int], refused_if: Expression | None) -> None:
        self._duplicate_status = duplicate_status
        self._refused_if = refused_if.compile() if refused_if is not None else None

    def receipt_of(self, answer: Answer) -> Receipt:
        """Raises the DeliveryError that the answer stands for."""
        receipt = receipt_of(answer, self._duplicate_status)
        if self._refused_if is not None and self._is_refusal(answer):
            said = explanation(answer.value())
            text = f"the system answered {answer.status}, and 'refused_if' is true"
            raise Rejected(f"{text}: {said}" if said else text, detail=answer.detail, facts=answer.facts)
        return receipt

    def _is_refusal(self, answer: Answer) -> bool:
        assert self._refused_if is not None  # noqa: S101 - the caller has looked
        try:
            value = self._refused_if(answer.read_facts())
        except ExpressionError:
            # The answer does not have the shape of a refusal.
            return False
        # As JMESPath has it: false, null and what is empty mean no.
        return not (value is None or value is False or value in ("", [], {}))
