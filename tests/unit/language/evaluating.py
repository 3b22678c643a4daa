"""Evaluates one expression, as the tests of this room do it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tundish.errors import ExpressionError
from tundish.faults import Place
from tundish.language import Environment, Leaf, compile_expression

ENVIRONMENT = Environment(code_lists={"shifts": {"E": "early", "L": "late", "1": "first"}, "units": {"KG": "KGM"}})
SCOPE = {
    "now": datetime(2026, 10, 5, 14, 23, 11, tzinfo=UTC),
    "plant": {"timezone": "Europe/Berlin"},
    "meta": {"topic": "plant7/line1"},
}


def evaluate(text: str, record: Any = None) -> Any:
    """The value of an expression, by default for an empty object."""
    return compile_expression(text, environment=ENVIRONMENT)({} if record is None else record, SCOPE)


def refused(text: str, record: Any = None) -> ExpressionError:
    """The error of an expression, when compiled or when evaluated."""
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, record)
    return caught.value


def leaf(text: str, line: int = 1, column: int = 1) -> Leaf:
    """An expression in a file."""
    return Leaf(text, Place("mapping.yaml", line, column, len(text)))
