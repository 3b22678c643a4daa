"""Kinds, truth, equality and order of values, as the JMESPath specification has them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

Kind = Literal["null", "boolean", "number", "string", "array", "object", "expression"]

NUMBERS = frozenset((int, Decimal, float))
"""The classes of numbers. The engine makes no float; tests and other callers may bring some."""

CLASSES: dict[type, Kind] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def kind_of(value: object) -> Kind:
    """What JMESPath calls the type of a value."""
    return CLASSES.get(type(value), "expression")


def is_true(value: object) -> bool:
    """Everything but null, false, '', [] and {}; numbers are true, 0 included."""
    return bool(value) or type(value) in NUMBERS


def equal(left: Any, right: Any) -> bool:
    """Deep equality: numbers by value, booleans never equal to numbers."""
    if left is right:
        return True
    kind = type(left)
    if kind is type(right):
        if kind is list:
            return len(left) == len(right) and all(map(equal, left, right))
        if kind is dict:
            return left.keys() == right.keys() and all(equal(value, right[name]) for name, value in left.items())
        return bool(left == right)
    return kind in NUMBERS and type(right) in NUMBERS and bool(left == right)


def _ordering(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    def ordered(left: object, right: object) -> bool | None:
        kind, other = type(left), type(right)
        if (kind in NUMBERS and other in NUMBERS) or (kind is str and other is str):
            return compare(left, right)
        return None

    return ordered


ORDERINGS = {
    "<": _ordering(operator.lt),
    "<=": _ordering(operator.le),
    ">": _ordering(operator.gt),
    ">=": _ordering(operator.ge),
}
"""Comparisons of two numbers or of two texts; null for anything else."""


def flattened(values: list[Any]) -> list[Any]:
    """`[]`: the elements of inner lists, one level deep."""
    result: list[Any] = []
    for value in values:
        if type(value) is list:
            result.extend(value)
        else:
            result.append(value)
    return result
