"""Pydantic's errors in the words of someone who writes YAML: a fact and a cure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from pydantic_core import ErrorDetails

from tundish.config.suggestions import suggest

Words = tuple[str, str]

_LONGEST = 40


def explain(detail: ErrorDetails) -> Words:
    """Fact and cure of one error, without the place."""
    context: Mapping[str, Any] = detail.get("ctx") or {}
    if "text" in context:
        return str(context["text"]), str(context.get("cure", ""))
    if detail["type"] == "value_error":
        fact, _, cure = str(context["error"]).partition("; ")
        return fact, cure
    if detail["input"] is None:
        return "it is empty", "write a value, or delete the line"
    if words := _WORDS.get(detail["type"]):
        return words(detail["input"], context)
    return detail["msg"][0].lower() + detail["msg"][1:], ""


def describe(value: object) -> str:
    """A value as findings name it: its kind, and its text where that is short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return f"the number {value}"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= _LONGEST else f"'{value[:_LONGEST]}…'"
    return "a list" if isinstance(value, list | tuple) else "fields"


def _expected(what: str, cure: str = "") -> Callable[[object, Mapping[str, Any]], Words]:
    return lambda value, _: (f"expected {what}, found {describe(value)}", cure)


def _text(value: object, _: Mapping[str, Any]) -> Words:
    scalar = isinstance(value, int | Decimal | bool)
    shown = str(value).lower() if isinstance(value, bool) else value
    return f"expected text, found {describe(value)}", f'put it in quotes: "{shown}"' if scalar else ""


def _choice(value: object, context: Mapping[str, Any]) -> Words:
    allowed = str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
    return f"{describe(value)} is not possible here", suggest(str(value), allowed)


def _bound(size: str, cure: str, key: str) -> Callable[[object, Mapping[str, Any]], Words]:
    return lambda value, context: (f"{describe(value)} is too {size}", f"{cure} {context[key]}")


def _length(value: object, context: Mapping[str, Any]) -> Words:
    if "min_length" in context:
        few = context["min_length"]
        return ("it is empty", "write at least one") if few == 1 else ("it is too short", f"write at least {few}")
    return "it is too long", f"write at most {context['max_length']}"


def _pattern(value: object, context: Mapping[str, Any]) -> Words:
    if context["pattern"] == r"^[A-Za-z0-9][A-Za-z0-9_.-]*$":
        return (
            f"{describe(value)} is no name",
            "use letters, digits, '-', '_' and '.', and start with a letter or digit",
        )
    return f"{describe(value)} has another form than {context['pattern']}", ""


_WORDS: Mapping[str, Callable[[object, Mapping[str, Any]], Words]] = {
    "string_type": _text,
    "string_too_short": _length,
    "string_too_long": _length,
    "string_pattern_mismatch": _pattern,
    "too_short": _length,
    "too_long": _length,
    "int_type": _expected("a whole number"),
    "int_parsing": _expected("a whole number"),
    "int_from_float": _expected("a whole number"),
    "float_type": _expected("a number"),
    "float_parsing": _expected("a number"),
    "decimal_type": _expected("a number"),
    "decimal_parsing": _expected("a number"),
    "bool_type": _expected("true or false"),
    "bool_parsing": _expected("true or false"),
    "list_type": _expected("a list", "write '[…]', or items that start with '- '"),
    "tuple_type": _expected("a list", "write '[…]', or items that start with '- '"),
    "dict_type": _expected("fields", "write 'name: value'"),
    "mapping_type": _expected("fields", "write 'name: value'"),
    "model_type": _expected("fields", "write 'name: value'"),
    "model_attributes_type": _expected("fields", "write 'name: value'"),
    "path_type": _expected("a path"),
    "datetime_type": _expected("a time", "write it like 2025-03-01T06:00:00Z"),
    "datetime_parsing": _expected("a time", "write it like 2025-03-01T06:00:00Z"),
    "datetime_from_date_parsing": _expected("a time", "write it like 2025-03-01T06:00:00Z"),
    "timezone_aware": _expected("a time with its zone", "write it like 2025-03-01T06:00:00Z"),
    "literal_error": _choice,
    "enum": _choice,
    "greater_than": _bound("small", "write more than", "gt"),
    "greater_than_equal": _bound("small", "write at least", "ge"),
    "less_than": _bound("large", "write less than", "lt"),
    "less_than_equal": _bound("large", "write at most", "le"),
}
