"""Texts: parts, cases, padding, joining."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tundish.language.budgets import TEXT_CHARACTERS
from tundish.language.environment import Environment
from tundish.language.evaluation.limits import bounded_text
from tundish.language.evaluation.values import equal
from tundish.language.functions.declaration import ArgumentError, Parameter, Prepared, function, prepared_function
from tundish.model.record import Value

_TEXT = Parameter("text", ("string",), "The text.", main=True)
_STRICT_TEXT = Parameter("text", ("string",), "The text.")


@function(
    "contains",
    Parameter("subject", ("array", "string"), "A list or a text."),
    Parameter("search", ("any",), "An element, or a part of the text."),
    returns=("boolean",),
    examples=(("contains('foobar', 'oba')", "`true`"), ("contains([1, 2], 3)", "`false`")),
)
def contains(subject: Any, search: Any) -> bool:
    """Whether a list has an element, or a text has a part."""
    if type(subject) is str:
        return type(search) is str and search in subject
    return any(equal(element, search) for element in subject)


@function(
    "starts_with",
    _STRICT_TEXT,
    Parameter("prefix", ("string",), "How it may start."),
    returns=("boolean",),
    examples=(("starts_with('FG-100', 'FG')", "`true`"),),
)
def starts_with(text: str, prefix: str) -> bool:
    """Whether a text starts with another."""
    return text.startswith(prefix)


@function(
    "ends_with",
    _STRICT_TEXT,
    Parameter("suffix", ("string",), "How it may end."),
    returns=("boolean",),
    examples=(("ends_with('FG-100', '100')", "`true`"),),
)
def ends_with(text: str, suffix: str) -> bool:
    """Whether a text ends with another."""
    return text.endswith(suffix)


@function(
    "join",
    Parameter("glue", ("string",), "What stands between two texts."),
    Parameter("texts", ("array[string]",), "The texts."),
    returns=("string",),
    examples=(("join('-', ['a', 'b'])", "'a-b'"),),
)
def join(glue: str, texts: list[str]) -> str:
    """The texts, one behind the other."""
    if len(glue) * len(texts) > TEXT_CHARACTERS:
        glue = bounded_text(glue * (TEXT_CHARACTERS // len(glue) + 1))
    return bounded_text(glue.join(texts))


@function(
    "split",
    _TEXT,
    Parameter("separator", ("string",), "What stands between two parts."),
    returns=("array",),
    examples=(("split('a;b', ';')", '`["a", "b"]`'),),
)
def split(text: str, separator: str) -> list[str]:
    """The parts of a text."""
    if not separator:
        raise ArgumentError("invalid-value", "separator", "the separator is empty")
    return text.split(separator)


@function("trim", _TEXT, returns=("string",), examples=(("trim(' a ')", "'a'"),))
def trim(text: str) -> str:
    """Removes white space at both ends."""
    return text.strip()


@function("upper", _TEXT, returns=("string",), examples=(("upper('kg')", "'KG'"),))
def upper(text: str) -> str:
    """In capital letters."""
    return text.upper()


@function("lower", _TEXT, returns=("string",), examples=(("lower('KG')", "'kg'"),))
def lower(text: str) -> str:
    """In small letters."""
    return text.lower()


def _pad(name: str, side: Callable[[str, int, str], str], text: str, width: Any, fill: str | None) -> str:
    fill = " " if fill is None else fill
    if len(fill) != 1:
        raise ArgumentError("invalid-value", "fill", f"{name}() fills with exactly one character, not '{fill}'")
    if width != int(width) or not 0 <= width <= TEXT_CHARACTERS:
        raise ArgumentError("invalid-value", "width", f"{width} is no width", f"a whole number up to {TEXT_CHARACTERS}")
    return side(text, int(width), fill)


_PADDING = (
    _TEXT,
    Parameter("width", ("number",), "Characters that the result has at least."),
    Parameter("fill", ("string",), "The character to fill with; a space where it is left out.", optional=True),
)


@function("pad_left", *_PADDING, returns=("string",), examples=(("pad_left('4711', 9, '0')", "'000004711'"),))
def pad_left(text: str, width: Any, fill: str | None = None) -> str:
    """Fills a text at its start up to a width; a longer text stays as it is."""
    return _pad("pad_left", str.rjust, text, width, fill)


@function("pad_right", *_PADDING, returns=("string",), examples=(("pad_right('ab', 4, '.')", "'ab..'"),))
def pad_right(text: str, width: Any, fill: str | None = None) -> str:
    """Fills a text at its end up to a width; a longer text stays as it is."""
    return _pad("pad_right", str.ljust, text, width, fill)


@prepared_function(
    "strip_left",
    _TEXT,
    Parameter("character", ("string",), "The character to remove."),
    returns=("string",),
    examples=(("strip_left('000004711', '0')", "'4711'"), ("strip_left('000', '0')", "'0'")),
)
def prepare_strip_left(literals: Mapping[str, Value], _environment: Environment) -> Prepared:
    """Removes a character from the start, but never the last character: `000` becomes `0`."""
    known = literals.get("character")
    if not isinstance(known, str):
        return Prepared(lambda text, character: text.lstrip(_one(character)) or text[-1:], ("text", "character"))
    _one(known)
    return Prepared(lambda text: text.lstrip(known) or text[-1:], ("text",))


def _one(character: str) -> str:
    if len(character) == 1:
        return character
    raise ArgumentError("invalid-value", "character", f"strip_left() removes one character, not '{character}'")


@function(
    "replace",
    _TEXT,
    Parameter("old", ("string",), "What to replace."),
    Parameter("new", ("string",), "What to put there."),
    returns=("string",),
    examples=(("replace('1.250', '.', '')", "'1250'"),),
)
def replace(text: str, old: str, new: str) -> str:
    """Replaces every occurrence of a part of a text."""
    if not old:
        raise ArgumentError("invalid-value", "old", "the text to replace is empty")
    if len(new) > len(old) and len(text) + text.count(old) * (len(new) - len(old)) > TEXT_CHARACTERS:
        return bounded_text(" " * (TEXT_CHARACTERS + 1))
    return text.replace(old, new)
