"""Regular expressions, in linear time."""

from __future__ import annotations

from collections.abc import Mapping

from tundish.errors import ExpressionError
from tundish.language.environment import Environment
from tundish.language.evaluation.limits import bounded_text
from tundish.language.functions.declaration import ArgumentError, Parameter, Prepared, prepared_function
from tundish.language.patterns import Pattern, compile_pattern
from tundish.model.record import Value

_TEXT = Parameter("text", ("string",), "The text.", main=True)
_PATTERN = Parameter("pattern", ("string",), "A regular expression as RE2 reads it.", literal=True)


def _pattern(literals: Mapping[str, Value]) -> Pattern:
    text = literals["pattern"]
    if not isinstance(text, str):
        raise ArgumentError("invalid-type", "pattern", "the pattern is a text in single quotes")
    try:
        return compile_pattern(text)
    except ExpressionError as error:
        raise ArgumentError(error.kind, "pattern", error.text, error.cure) from error


@prepared_function(
    "match",
    _TEXT,
    _PATTERN,
    returns=("boolean",),
    examples=(("match('LOT-0815', 'LOT-[0-9]+')", "`true`"), ("match('xLOT-0815', 'LOT-[0-9]+')", "`false`")),
)
def prepare_match(literals: Mapping[str, Value], _environment: Environment) -> Prepared:
    """Whether the whole text matches a pattern (as `match` of RFC 9535)."""
    fits = _pattern(literals).fits

    def match(text: str) -> bool:
        return fits(bounded_text(text)) is not None

    return Prepared(match, ("text",))


@prepared_function(
    "extract",
    _TEXT,
    _PATTERN,
    Parameter("group", ("number",), "Which parentheses, from 1; 0 for all of it.", optional=True, literal=True),
    returns=("string", "null"),
    examples=(
        ("extract('order 4711, line 20', 'line ([0-9]+)')", "'20'"),
        ("extract('A-B', '(.)-(.)', group=2)", "'B'"),
        ("extract('none', '[0-9]+')", "`null`"),
    ),
)
def prepare_extract(literals: Mapping[str, Value], _environment: Environment) -> Prepared:
    """The part of a text that the first parentheses of a pattern match, or all of the match; null without a match."""
    pattern = _pattern(literals)
    group = literals.get("group")
    if group is None:
        group = 1 if pattern.groups else 0
    if not isinstance(group, int) or not 0 <= group <= pattern.groups:
        raise ArgumentError("invalid-value", "group", f"the pattern has no group {group}", f"it has {pattern.groups}")
    number = group

    def extract(text: str) -> str | None:
        return pattern.extract(bounded_text(text), number)

    return Prepared(extract, ("text",))
