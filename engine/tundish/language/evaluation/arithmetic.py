"""Exact arithmetic on numbers.

Sums, differences, products and remainders are exact. A quotient that does not come out even is rounded to 34
significant digits, half to even (IEEE 754-2019, decimal128). Null on one side gives null. A number of more than
`NUMBER_DIGITS` digits is refused, so that repeated squaring cannot exhaust memory.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DecimalException,
    Inexact,
    InvalidOperation,
    Overflow,
    Subnormal,
)
from typing import Any

from tundish.errors import ExpressionError
from tundish.language.budgets import NUMBER_DIGITS, QUOTIENT_DIGITS
from tundish.language.evaluation.values import NUMBERS, kind_of

EXACT = Context(
    prec=NUMBER_DIGITS,
    Emax=NUMBER_DIGITS,
    Emin=-NUMBER_DIGITS,
    traps=[Inexact, InvalidOperation, Overflow, Subnormal],
)
"""Refuses to round, and numbers beyond the limit. Its methods change only flags that nobody reads: threads share it."""

QUOTIENT = Context(
    prec=QUOTIENT_DIGITS,
    rounding=ROUND_HALF_EVEN,
    Emax=NUMBER_DIGITS,
    Emin=-NUMBER_DIGITS,
    traps=[InvalidOperation, Overflow, Subnormal],
)
"""Rounds to the digits of IEEE 754 decimal128."""

_LARGEST = 10**NUMBER_DIGITS

Number = int | Decimal


def exact(value: Any) -> Number:
    """A number as int or Decimal; a float becomes the shortest decimal that reads back as it."""
    return Decimal(repr(value)) if type(value) is float else value


def too_long() -> ExpressionError:
    """The error for a number beyond the limit."""
    return ExpressionError(
        "budget",
        f"the result has more than {NUMBER_DIGITS} digits",
        cure="round(…) the parts before they are multiplied",
    )


def _operands(left: Any, right: Any, sign: str) -> tuple[Number, Number]:
    for value in (left, right):
        if type(value) not in NUMBERS:
            text = f"`{sign}` takes numbers, and one side is {_shown(value)}"
            cure = "read a number from text with decimal(…) or int(…)" if type(value) is str else ""
            if sign == "+" and type(value) is str:
                cure = "join texts with join('', [a, b]), or read a number from text with decimal(…)"
            raise ExpressionError("invalid-type", text, cure=cure)
    return exact(left), exact(right)


def _shown(value: Any) -> str:
    kind = kind_of(value)
    return f"the text '{value[:40]}'" if kind == "string" else f"of type {kind}"


def _operation(sign: str, whole: Callable[[int, int], int], decimal: Callable[[Any, Any], Decimal]) -> Any:
    def calculate(left: Any, right: Any) -> Number | None:
        if left is None or right is None:
            return None
        if type(left) is int and type(right) is int:
            number = whole(left, right)
            if -_LARGEST < number < _LARGEST:
                return number
            raise too_long()
        if type(left) not in _EXACT_CLASSES or type(right) not in _EXACT_CLASSES:
            left, right = _operands(left, right, sign)
        try:
            return decimal(left, right)
        except DecimalException as error:
            raise too_long() from error

    return calculate


_EXACT_CLASSES = frozenset((int, Decimal))


def quotient(left: Any, right: Any) -> Decimal | None:
    """`left / right`; raises invalid-value for a division by zero."""
    if left is None or right is None:
        return None
    left, right = _operands(left, right, "/")
    _refuse_zero(right)
    try:
        return QUOTIENT.divide(Decimal(left), Decimal(right))
    except DecimalException as error:
        raise too_long() from error


def remainder(left: Any, right: Any) -> Number | None:
    """`left % right`, with the sign of `left` (as in SQL and C); raises invalid-value for a division by zero."""
    if left is None or right is None:
        return None
    left, right = _operands(left, right, "%")
    _refuse_zero(right)
    if isinstance(left, int) and isinstance(right, int):
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    try:
        return EXACT.remainder(left, right)
    except DecimalException as error:
        raise too_long() from error


def _refuse_zero(divisor: Number) -> None:
    if divisor == 0:
        raise ExpressionError(
            "invalid-value",
            "division by zero",
            cure="say what holds then: `b == 0 ? null : a / b`, with `null` in backticks",
        )


OPERATIONS: dict[str, Callable[[Any, Any], Number | None]] = {
    "+": _operation("+", int.__add__, EXACT.add),
    "-": _operation("-", int.__sub__, EXACT.subtract),
    "*": _operation("*", int.__mul__, EXACT.multiply),
    "/": quotient,
    "%": remainder,
}


def negated(value: Any) -> Number | None:
    """`-value`."""
    return OPERATIONS["-"](0, value)
