"""Order: smallest, largest, sorted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tundish.language.evaluation.values import kind_of
from tundish.language.functions.declaration import ANYTHING, ArgumentError, Parameter, function

_VALUES = Parameter("values", ("array[number]", "array[string]"), "Numbers, or texts.")
_ITEMS = Parameter("items", ("array",), "The list.")
_BY = Parameter("by", ("expression",), "A number or a text of each element, such as `&date`.")


@function("max", _VALUES, returns=("number", "string", "null"), examples=(("max([1, 3, 2])", "`3`"),))
def largest(values: list[Any]) -> Any:
    """The largest number, or the last text in the order of Unicode; null for an empty list."""
    return max(values, default=None)


@function("min", _VALUES, returns=("number", "string", "null"), examples=(("min([1, 3, 2])", "`1`"),))
def smallest(values: list[Any]) -> Any:
    """The smallest number, or the first text in the order of Unicode; null for an empty list."""
    return min(values, default=None)


@function("sort", _VALUES, returns=("array",), examples=(("sort(['b', 'a'])", '`["a", "b"]`'),))
def sort(values: list[Any]) -> list[Any]:
    """The numbers or texts in rising order."""
    return sorted(values)


def _keys(name: str, items: list[Any], by: Callable[[Any], Any]) -> list[Any]:
    keys = [by(item) for item in items]
    kinds = {kind_of(key) for key in keys}
    if len(kinds) > 1 or not kinds <= {"number", "string"}:
        raise ArgumentError(
            "invalid-type",
            "by",
            f"{name}() takes a number of each element, or a text of each, and gets {', '.join(sorted(kinds))}",
        )
    return keys


@function(
    "sort_by",
    _ITEMS,
    _BY,
    returns=("array",),
    examples=(('sort_by(`[{"n": 2}, {"n": 1}]`, &n)[*].n', "`[1, 2]`"),),
)
def sort_by(items: list[Any], by: Callable[[Any], Any]) -> list[Any]:
    """The elements in rising order of a number or a text; equal ones keep their order."""
    keys = _keys("sort_by", items, by)
    return [items[position] for position in sorted(range(len(items)), key=keys.__getitem__)]


@function(
    "max_by",
    _ITEMS,
    _BY,
    returns=ANYTHING,
    examples=(('max_by(`[{"n": 2}, {"n": 1}]`, &n).n', "`2`"),),
)
def max_by(items: list[Any], by: Callable[[Any], Any]) -> Any:
    """The first element with the largest number or text; null for an empty list."""
    keys = _keys("max_by", items, by)
    return items[max(range(len(items)), key=keys.__getitem__)] if items else None


@function(
    "min_by",
    _ITEMS,
    _BY,
    returns=ANYTHING,
    examples=(('min_by(`[{"n": 2}, {"n": 1}]`, &n).n', "`1`"),),
)
def min_by(items: list[Any], by: Callable[[Any], Any]) -> Any:
    """The first element with the smallest number or text; null for an empty list."""
    keys = _keys("min_by", items, by)
    return items[min(range(len(items)), key=keys.__getitem__)] if items else None
