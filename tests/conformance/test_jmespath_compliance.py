"""The official JMESPath cases: every result, and every error with its exact kind, in both dialects."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.shared import shared
from tundish.errors import ExpressionError
from tundish.language import Dialect, compile_expression
from tundish.language.evaluation.values import equal

CASES = 892

BECOME_VALID = {
    "foo.[0, 1]": "a number literal is an expression, so this is a list of two of them",
    "foo.[abc, 1]": "a number literal is an expression, so this is a list of a field and a number",
}
"""Syntax errors of JMESPath that mean something in the larger language, and why."""


def cases(folder: Path) -> list[tuple[str, Any, dict[str, Any]]]:
    """File name, input and case."""
    return [
        (path.name, suite["given"], case)
        for path in sorted(folder.glob("*.json"))
        for suite in json.loads(path.read_text("utf-8"), parse_float=Decimal)
        for case in suite["cases"]
    ]


def outcome(expression: str, given: Any, dialect: Dialect) -> tuple[str, Any]:
    """What an expression gives: a result, or the kind of its error."""
    try:
        return "result", compile_expression(expression, dialect=dialect)(given)
    except ExpressionError as error:
        return "error", error.kind


@pytest.mark.parametrize("dialect", ["jmespath", "tundish"])
def test_every_official_case_passes(dialect: Dialect) -> None:
    every = cases(shared("jmespath-compliance"))
    assert len(every) == CASES
    wrong = []
    for file, given, case in every:
        expression = case["expression"]
        if dialect == "tundish" and expression in BECOME_VALID:
            assert outcome(expression, given, dialect)[0] == "result", BECOME_VALID[expression]
            continue
        wanted = ("error", case["error"]) if "error" in case else ("result", case["result"])
        got = outcome(expression, given, dialect)
        if got[0] != wanted[0] or not equal(got[1], wanted[1]):
            wrong.append(f"{file}: {expression}: {got} instead of {wanted}")
    assert not wrong, "\n".join(wrong)
