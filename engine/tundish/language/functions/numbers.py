"""Numbers: exact parsing, rounding, sums."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DecimalException,
    InvalidOperation,
)
from functools import reduce
from typing import Any

from tundish.language.budgets import NUMBER_DIGITS
from tundish.language.environment import Environment
from tundish.language.evaluation.arithmetic import EXACT, exact, quotient, too_long
from tundish.language.functions.declaration import ArgumentError, Parameter, Prepared, function, prepared_function
from tundish.language.suggestions import suggestion
from tundish.model.record import Value

Number = int | Decimal

_NUMBER = Parameter("value", ("number",), "The number.")
_NUMBERS = Parameter("values", ("array[number]",), "The numbers.")


@function("abs", _NUMBER, returns=("number",), examples=(("abs(-3)", "`3`"),))
def absolute(value: Any) -> Number:
    """The number without its sign."""
    number = exact(value)
    return number.copy_abs() if isinstance(number, Decimal) else abs(number)


@function("ceil", _NUMBER, returns=("number",), examples=(("ceil(1.2)", "`2`"),))
def ceiling(value: int | Decimal) -> int:
    """The nearest whole number that is not smaller."""
    return math.ceil(value)


@function("floor", _NUMBER, returns=("number",), examples=(("floor(1.8)", "`1`"),))
def floor(value: int | Decimal) -> int:
    """The nearest whole number that is not larger."""
    return math.floor(value)


@function("sum", _NUMBERS, returns=("number",), examples=(("sum([1, 2.5])", "`3.5`"), ("sum(`[]`)", "`0`")))
def total(values: list[Any]) -> Number:
    """The sum of all numbers, exactly; 0 for an empty list."""
    return add_all(values)


def add_all(values: list[Any]) -> Number:
    """The exact sum. Raises ExpressionError of kind budget for a number beyond `NUMBER_DIGITS`."""
    if _WHOLE.issuperset(map(type, values)):
        return int(sum(values))
    try:
        return reduce(EXACT.add, values, _ZERO)
    except TypeError:
        return add_all([exact(value) for value in values])
    except DecimalException as error:
        raise too_long() from error


_ZERO = Decimal(0)
_WHOLE = frozenset((int,))


@function("avg", _NUMBERS, returns=("number", "null"), examples=(("avg([1, 2])", "`1.5`"), ("avg(`[]`)", "`null`")))
def average(values: list[Any]) -> Decimal | None:
    """The arithmetic mean; null for an empty list."""
    return quotient(total(values), len(values)) if values else None


def read_number(text: str) -> Decimal | None:
    """The number in a text of digits, with sign, point and exponent; None where it is something else.

    White space around it is ignored. Raises ExpressionError of kind budget for a number beyond `NUMBER_DIGITS`.
    """
    try:
        number = plain_number(text)
    except InvalidOperation:
        try:
            number = plain_number(text.strip())
        except DecimalException:
            return None
    except DecimalException as error:
        raise too_long() from error
    return number if number.is_finite() else None


plain_number = EXACT.create_decimal
"""Unlike `Decimal`, it takes neither white space nor `_`, and refuses what is beyond the limit."""


def no_number(text: str, parameter: str = "value", what: str = "number") -> ArgumentError:
    """The error for a text that holds no number."""
    cure = "say what holds without it: `value || null`, with null in backticks" if not text.strip() else ""
    if not cure and "," in text:
        cure = "name the decimal comma: decimal(value, comma=',')"
    return ArgumentError("invalid-value", parameter, f"'{text[:40]}' is no {what}", cure)


@function(
    "decimal",
    Parameter("value", ("string", "number"), "A number, or a text of digits.", main=True),
    Parameter("comma", ("string",), "The decimal sign; a point where it is left out.", optional=True),
    Parameter("group", ("string",), "The sign between groups of digits, which is ignored.", optional=True),
    returns=("number",),
    examples=(
        ("decimal('1250.500')", "`1250.500`"),
        ("decimal('1.250,5', comma=',', group='.')", "`1250.5`"),
        ("decimal(`null`)", "`null`"),
    ),
)
def decimal(value: Any, comma: str | None = None, group: str | None = None) -> Decimal:
    """Reads an exact number from a text. Any other text is an error."""
    if type(value) is not str:
        return Decimal(exact(value))
    text = value
    if group:
        text = text.replace(group, "")
    if comma and comma != ".":
        text = "?" if "." in text else text.replace(comma, ".")
    number = read_number(text)
    if number is None:
        raise no_number(value)
    return number


@prepared_function(
    "int",
    Parameter("value", ("string", "number"), "A number, or a text of digits.", main=True),
    returns=("number",),
    examples=(("int('0020')", "`20`"), ("int('12.000')", "`12`")),
)
def prepare_int(_literals: Mapping[str, Value], _environment: Environment) -> Prepared:
    """Reads a whole number, with or without leading zeros. A number with a fraction is an error: round it first."""
    return Prepared(_integer, ("value",), for_text=_whole)


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= NUMBER_DIGITS else _integer(text)


def _integer(value: Any) -> int:
    if type(value) is str:
        number: Any = read_number(value)
        if number is None:
            raise no_number(value, what="whole number")
    elif type(value) is int:
        return value
    else:
        number = exact(value)
    whole = int(number)
    if whole != number:
        raise ArgumentError("invalid-value", "value", f"{number} is no whole number", "round it first: round(value)")
    return whole


_MODES = {
    "half-up": ROUND_HALF_UP,
    "half-even": ROUND_HALF_EVEN,
    "half-down": ROUND_HALF_DOWN,
    "up": ROUND_UP,
    "down": ROUND_DOWN,
    "ceiling": ROUND_CEILING,
    "floor": ROUND_FLOOR,
}


@prepared_function(
    "round",
    Parameter("value", ("number",), "The number.", main=True),
    Parameter("digits", ("number",), "Digits behind the point; 0 where it is left out.", optional=True),
    Parameter("mode", ("string",), f"One of {', '.join(_MODES)}.", optional=True, literal=True),
    returns=("number",),
    examples=(
        ("round(2.5)", "`3`"),
        ("round(2.345, 2)", "`2.35`"),
        ("round(2.5, mode='half-even')", "`2`"),
        ("round(1234, -2)", "`1200`"),
    ),
)
def prepare_round(literals: Mapping[str, Value], _environment: Environment) -> Prepared:
    """Rounds; half away from zero (`half-up`) where no mode is given."""
    mode = literals.get("mode") or "half-up"
    if mode not in _MODES:
        cure = suggestion(str(mode), _MODES) or f"one of {', '.join(_MODES)}"
        raise ArgumentError("invalid-value", "mode", f"there is no way of rounding called '{mode}'", cure)
    context = Context(prec=NUMBER_DIGITS, rounding=_MODES[str(mode)], traps=[InvalidOperation])

    def rounded(value: Any, digits: Any = None) -> Number:
        if digits is not None and (digits != int(digits) or abs(digits) > NUMBER_DIGITS):
            raise ArgumentError("invalid-value", "digits", f"{digits} is no number of digits")
        places = int(digits or 0)
        try:
            result = context.quantize(Decimal(exact(value)), Decimal((0, (1,), -places)))
        except InvalidOperation as error:
            raise too_long() from error
        return result if places > 0 else int(result)

    return Prepared(rounded, ("value", "digits"))
