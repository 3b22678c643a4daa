"""Objects: names, values, merging."""

from __future__ import annotations

from typing import Any

from tundish.language.functions.declaration import Parameter, function

_OBJECT = Parameter("object", ("object",), "The object.")


@function("keys", _OBJECT, returns=("array",), examples=(('keys(`{"a": 1}`)', '`["a"]`'),))
def keys(subject: dict[str, Any]) -> list[str]:
    """The names of all fields."""
    return list(subject)


@function("values", _OBJECT, returns=("array",), examples=(('values(`{"a": 1}`)', "`[1]`"),))
def values(subject: dict[str, Any]) -> list[Any]:
    """The values of all fields."""
    return list(subject.values())


@function(
    "merge",
    _OBJECT,
    returns=("object",),
    examples=(('merge(`{"a": 1}`, `{"a": 2, "b": 3}`)', '`{"a": 2, "b": 3}`'),),
    variadic=True,
)
def merge(*subjects: dict[str, Any]) -> dict[str, Any]:
    """One object with the fields of all; the last one wins."""
    result: dict[str, Any] = {}
    for subject in subjects:
        result.update(subject)
    return result


@function(
    "items",
    Parameter("object", ("object",), "The object.", main=True),
    returns=("array",),
    examples=(('items(`{"a": 1}`)', '`[["a", 1]]`'),),
)
def items(subject: dict[str, Any]) -> list[list[Any]]:
    """A list of pairs of name and value."""
    return [[name, value] for name, value in subject.items()]
