"""Types: asking for one, making one of another, saying what must be there."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from tundish.language.budgets import NUMBER_DIGITS
from tundish.language.evaluation.arithmetic import exact
from tundish.language.evaluation.limits import bounded, bounded_text
from tundish.language.evaluation.values import NUMBERS, kind_of
from tundish.language.functions.declaration import ANYTHING, ArgumentError, Parameter, function

_ANY = Parameter("value", ("any",), "Any value.")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


@function("type", _ANY, returns=("string",), examples=(("type(1)", "'number'"), ("type(`null`)", "'null'")))
def type_(value: Any) -> str:
    """The type of a value: null, boolean, number, string, array or object."""
    return kind_of(value)


@function("to_array", _ANY, returns=("array",), examples=(("to_array(1)", "`[1]`"), ("to_array(`[1]`)", "`[1]`")))
def to_array(value: Any) -> list[Any]:
    """A list of the value; a list stays as it is. Null becomes a list of null: as_array() is what XML needs."""
    return value if type(value) is list else [value]


@function(
    "as_array",
    _ANY,
    returns=("array",),
    examples=(("as_array(`{}`)", "`[{}]`"), ("as_array(`[1]`)", "`[1]`"), ("as_array(`null`)", "`[]`")),
)
def as_array(value: Any) -> list[Any]:
    """A list, where a source (XML above all) writes one element without a list and none as nothing."""
    if value is None:
        return []
    return value if type(value) is list else [value]


def json_text(value: Any) -> str:
    """Compact JSON with exact numbers, at most `TEXT_CHARACTERS` long."""
    return bounded_text("".join(_pieces(bounded(value))))


def _pieces(value: Any) -> list[str]:
    if type(value) is dict:
        inner = [f"{_piece(name)}:{''.join(_pieces(item))}" for name, item in value.items()]
        return ["{", ",".join(inner), "}"]
    if type(value) is list:
        return ["[", ",".join("".join(_pieces(item)) for item in value), "]"]
    return [_piece(value)]


def _piece(value: Any) -> str:
    if type(value) in NUMBERS:
        return number_text(value)
    return json.dumps(value)


def number_text(value: Any) -> str:
    """A number in JSON's notation, without an exponent where that is possible in reasonable length."""
    value = exact(value)
    if isinstance(value, Decimal) and abs(value.adjusted()) <= NUMBER_DIGITS:
        return f"{value:f}"
    return str(value)


@function(
    "to_string",
    _ANY,
    returns=("string",),
    examples=(("to_string(1.50)", "'1.50'"), ("to_string([1, 'a'])", "'[1,\"a\"]'"), ("to_string('a')", "'a'")),
)
def to_string(value: Any) -> str:
    """The value as JSON; a text stays as it is."""
    return value if type(value) is str else json_text(value)


@function(
    "to_number",
    _ANY,
    returns=("number", "null"),
    examples=(("to_number('1.5')", "`1.5`"), ("to_number('x')", "`null`")),
)
def to_number(value: Any) -> int | Decimal | None:
    """The number that a text in JSON's notation holds; null for anything else."""
    if type(value) in NUMBERS:
        return exact(value)
    if type(value) is not str or len(value) > NUMBER_DIGITS or not _JSON_NUMBER.fullmatch(value):
        return None
    if value.removeprefix("-").isdigit():
        return int(value)
    number = Decimal(value)
    return number if abs(number.adjusted()) <= NUMBER_DIGITS else None


@function(
    "not_null",
    _ANY,
    returns=ANYTHING,
    examples=(("not_null(`null`, 'a', 'b')", "'a'"),),
    variadic=True,
)
def not_null(*values: Any) -> Any:
    """The first value that is not null."""
    return next((value for value in values if value is not None), None)


@function(
    "required",
    _ANY,
    Parameter("reason", ("string",), "What the planner or the operator is told.", optional=True),
    returns=("boolean", "number", "string", "array", "object"),
    examples=(("required('4711', 'an order number is needed')", "'4711'"),),
)
def required(value: Any, reason: str | None = None) -> Any:
    """The value, which must be there: null and an empty text reject the message."""
    if value is None or value == "":
        raise ArgumentError("invalid-value", "value", reason or "a required value is absent")
    return value
