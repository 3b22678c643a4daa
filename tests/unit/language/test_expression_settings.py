"""Expressions as settings."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from tundish.errors import ExpressionError
from tundish.faults import Place
from tundish.language import Environment, Expression
from tundish.model import Settings


class Filter(Settings):
    """Settings with an expression."""

    when: Expression


def test_an_expression_is_read_and_compiled() -> None:
    settings = Filter.model_validate({"when": "a > 1"})
    assert settings.when == "a > 1"
    assert isinstance(settings.when, Expression)
    assert settings.when.compile()({"a": 2}) is True
    assert settings.model_dump() == {"when": "a > 1"}
    assert Filter.model_json_schema()["properties"]["when"]["format"] == "tundish-expression"


@pytest.mark.parametrize(("written", "value"), [(5, 5), (Decimal("1.5"), Decimal("1.5")), (True, True), (False, False)])
def test_numbers_and_booleans_mean_themselves(written: object, value: object) -> None:
    assert Filter.model_validate({"when": written}).when.compile()({}) == value


def test_a_syntax_error_says_where() -> None:
    with pytest.raises(ValidationError) as caught:
        Filter.model_validate({"when": "a = 1"})
    error = caught.value.errors()[0]
    assert error["type"] == "expression"
    assert error["msg"] == "`=` stands where an operator or the end is expected"
    assert error["ctx"]["offset"] == 2
    assert error["ctx"]["cure"] == "compare with `==`"
    with pytest.raises(ValidationError, match="an expression is a text"):
        Filter.model_validate({"when": ["a"]})


def test_compiling_tells_the_place() -> None:
    expression = Filter.model_validate({"when": "code('x', a)"}).when
    with pytest.raises(ExpressionError) as caught:
        expression.compile(Environment(code_lists={"y": {}}), Place("a.yaml", 2, 9, 12))
    assert caught.value.place == Place("a.yaml", 2, 14, 3)
