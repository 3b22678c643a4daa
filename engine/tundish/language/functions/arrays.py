"""Lists: elements, groups, pairs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tundish.language.evaluation.limits import bounded
from tundish.language.evaluation.values import NUMBERS, kind_of
from tundish.language.functions.declaration import ArgumentError, Parameter, function
from tundish.language.functions.kinds import number_text
from tundish.language.functions.numbers import add_all

Expression = Callable[[Any], Any]

_ARRAY = Parameter("items", ("array",), "The list.")
_MAIN_ARRAY = Parameter("items", ("array",), "The list.", main=True)
_BY = Parameter("by", ("expression",), "What to look at in each element, such as `&item`.")


@function(
    "length",
    Parameter("subject", ("string", "array", "object"), "A text, a list or an object."),
    returns=("number",),
    examples=(("length('abc')", "`3`"), ("length([1, 2])", "`2`")),
)
def length(subject: Any) -> int:
    """Characters of a text, elements of a list, fields of an object."""
    return len(subject)


@function(
    "map",
    Parameter("expression", ("expression",), "What to make of each element, such as `&id`."),
    _ARRAY,
    returns=("array",),
    examples=(('map(&a, `[{"a": 1}, {}]`)', "`[1, null]`"),),
)
def map_(expression: Expression, items: list[Any]) -> list[Any]:
    """The expression's value for each element; null stays, unlike in a projection."""
    return [expression(item) for item in items]


@function(
    "reverse",
    Parameter("subject", ("string", "array"), "A list or a text."),
    returns=("array", "string"),
    examples=(("reverse([1, 2])", "`[2, 1]`"), ("reverse('ab')", "'ba'")),
)
def reverse(subject: Any) -> Any:
    """The other way round."""
    return subject[::-1]


def identity(value: Any) -> object:
    """Something hashable that two values share exactly when they are equal in the language."""
    kind = type(value)
    if kind in NUMBERS:
        return "number", Decimal(repr(value)) if kind is float else value
    if kind is list:
        return "array", tuple(map(identity, value))
    if kind is dict:
        return "object", frozenset((name, identity(item)) for name, item in value.items())
    return kind, value


@function(
    "distinct",
    _MAIN_ARRAY,
    returns=("array",),
    examples=(("distinct([1, 2, 1.0])", "`[1, 2]`"),),
)
def distinct(items: list[Any]) -> list[Any]:
    """The list without repetitions; the first of equal elements stays."""
    firsts: dict[object, Any] = {}
    for item in bounded(items):
        firsts.setdefault(identity(item), item)
    return list(firsts.values())


def _text_key(key: Any, name: str) -> str:
    if type(key) is str:
        return key
    if type(key) in NUMBERS:
        return number_text(key)
    raise ArgumentError(
        "invalid-type", "by", f"{name}() takes a text or a number of each element, and one gives {kind_of(key)}"
    )


@function(
    "group_by",
    _MAIN_ARRAY,
    _BY,
    returns=("object",),
    examples=(
        (
            'group_by(`[{"lot": "A", "n": 1}, {"lot": "A", "n": 2}]`, &lot)',
            '`{"A": [{"lot": "A", "n": 1}, {"lot": "A", "n": 2}]}`',
        ),
    ),
)
def group_by(items: list[Any], by: Expression) -> dict[str, list[Any]]:
    """An object of lists: the elements with the same text or number behind `by`, in their order."""
    groups: dict[str, list[Any]] = {}
    for item in items:
        groups.setdefault(_text_key(by(item), "group_by"), []).append(item)
    return groups


@function(
    "index_by",
    _MAIN_ARRAY,
    _BY,
    returns=("object",),
    examples=(('index_by(`[{"id": "A"}]`, &id).A.id', "'A'"),),
)
def index_by(items: list[Any], by: Expression) -> dict[str, Any]:
    """An object of elements by a text or number that only one element has; a second one is an error."""
    index: dict[str, Any] = {}
    for item in items:
        key = _text_key(by(item), "index_by")
        if key in index:
            raise ArgumentError(
                "invalid-value", "by", f"two elements have '{key[:40]}'", "group_by(…) keeps all elements of one key"
            )
        index[key] = item
    return index


@function(
    "sum_by",
    _MAIN_ARRAY,
    _BY,
    returns=("number",),
    examples=(('sum_by(`[{"qty": 1}, {"qty": 2.5}]`, &qty)', "`3.5`"),),
)
def sum_by(items: list[Any], by: Expression) -> Any:
    """The exact sum of a number of each element; elements where it is null do not count."""
    values = [value for value in map(by, items) if value is not None]
    for value in values:
        if type(value) not in NUMBERS:
            raise ArgumentError(
                "invalid-type",
                "by",
                f"sum_by() takes a number of each element, and one gives {kind_of(value)}",
                "read a number from text with decimal(…)",
            )
    return add_all(values)


@function(
    "zip",
    Parameter("lists", ("array",), "A list."),
    returns=("array",),
    examples=(("zip(['a', 'b'], [1, 2])", '`[["a", 1], ["b", 2]]`'),),
    variadic=True,
)
def zip_(*lists: list[Any]) -> list[list[Any]]:
    """Lists of the first elements, of the second ones and so on, as far as the shortest list reaches."""
    return [list(pair) for pair in zip(*lists, strict=False)]
