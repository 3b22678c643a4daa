"""The findings of expressions: each kind is declared once, and `tundish explain` shows it."""

from __future__ import annotations

from tundish.errors import ExpressionError
from tundish.faults import Finding, FindingCode, Place

SYNTAX = FindingCode(
    "TD201",
    "An expression cannot be read",
    "The text breaks the grammar of the language: JMESPath with arithmetic, variables and more functions.",
    wrong="filter: status = 'released'",
    right="filter: status == 'released'",
)
UNKNOWN_FUNCTION = FindingCode(
    "TD202",
    "An expression calls a function that does not exist",
    "The functions of the language are listed in its reference; a project cannot add any.",
    wrong="work_order: trimm(order.number)",
    right="work_order: trim(order.number)",
)
WRONG_ARGUMENTS = FindingCode(
    "TD203",
    "A function is called with other arguments than it takes",
    "Every function says how many arguments it takes, how they are called and which may be left out.",
    wrong="yield: quantity(produced)",
    right="yield: quantity(produced, uom)",
)
UNKNOWN_VARIABLE = FindingCode(
    "TD204",
    "An expression names a variable that does not exist",
    "A bare name is a field of the message. `$meta`, `$plant`, `$vars` and the names of a `let` are variables.",
    wrong="finished_at: datetime(finished, 'yyyyMMdd', $plan.timezone)",
    right="finished_at: datetime(finished, 'yyyyMMdd', $plant.timezone)",
)
WRONG_TYPE = FindingCode(
    "TD205",
    "A function gets an argument of a type that it does not take",
    "Some arguments, such as patterns and the names of code lists, stand in the expression itself as texts.",
    wrong='reason: code("scrap-reasons", reason)',
    right="reason: code('scrap-reasons', reason)",
)
WRONG_VALUE = FindingCode(
    "TD206",
    "A constant in an expression cannot be used",
    "Code lists, units, time zones, patterns and the steps of slices that stand in an expression are checked.",
    wrong="reason: code('scrap-reason', reason)",
    right="reason: code('scrap-reasons', reason)",
)
BUDGET = FindingCode(
    "TD207",
    "An expression is too large",
    "Length, depth and growth of expressions are limited, so that no expression can stop the daemon.",
    wrong='all: "[@, @] | [@, @] | [@, @] | …"',
    right='all: "[@]"',
)
CIRCULAR_LET = FindingCode(
    "TD208",
    "The names of a `let` need each other",
    "A name of a `let` may use other names, in any order, but not itself by way of them; nor a name that does so.",
    wrong="let: {net: $gross - tare, gross: $net + tare}",
    right="let: {net: weight - tare}",
)

_KINDS = {
    "syntax": SYNTAX,
    "unknown-function": UNKNOWN_FUNCTION,
    "invalid-arity": WRONG_ARGUMENTS,
    "undefined-variable": UNKNOWN_VARIABLE,
    "invalid-type": WRONG_TYPE,
    "invalid-value": WRONG_VALUE,
    "budget": BUDGET,
}

FINDING_CODES = (*_KINDS.values(), CIRCULAR_LET)
"""Every code of this room."""


def finding(error: ExpressionError, place: Place) -> Finding:
    """An error of compiling as a finding; `place` counts where the error has none."""
    return _KINDS[error.kind].at(error.place or place, error.text, error.cure)
