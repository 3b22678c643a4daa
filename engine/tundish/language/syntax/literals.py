"""The values that stand in an expression's text."""

from __future__ import annotations

import json
from decimal import Decimal

from tundish.errors import ExpressionError
from tundish.language.budgets import NUMBER_DIGITS
from tundish.language.syntax.nodes import Span
from tundish.model.record import Value


def json_value(token: str, span: Span) -> Value:
    """What a literal between backticks means; text that is no JSON means itself (JEP-12)."""
    text = token[1:-1].replace("\\`", "`")
    for written in (text, f'"{text.lstrip()}"'):
        try:
            value: Value = json.loads(
                written,
                parse_float=lambda digits: number_value(digits, span),
                parse_int=lambda digits: number_value(digits, span),
                parse_constant=_refuse,
            )
        except ValueError:
            continue
        return value
    raise ExpressionError(
        "syntax",
        f"`{text}` is no JSON value",
        cure="write a number as 1.5, a text as 'text', and JSON with double quotes between backticks",
        offset=span.offset,
        length=span.length,
    )


def _refuse(word: str) -> Value:
    raise ValueError(word)


def number_value(text: str, span: Span) -> int | Decimal:
    """What a number literal means: an int where it has neither point nor exponent, else an exact decimal."""
    if len(text) <= NUMBER_DIGITS:
        if text.removeprefix("-").isdigit():
            return int(text)
        number = Decimal(text)
        if abs(number.adjusted()) <= NUMBER_DIGITS and (text[0] != "0" or not text[1].isdigit()):
            return number
    raise ExpressionError(
        "syntax",
        f"this is no number with at most {NUMBER_DIGITS} digits",
        cure="write a number as 1.5 or 2e3, and digits that are no number as a text: '0815'",
        offset=span.offset,
        length=span.length,
    )


def quoted_text(token: str, span: Span) -> str:
    """The name between double quotes, with the escapes of JSON."""
    try:
        text: str = json.loads(token, strict=False)
    except ValueError as error:
        raise ExpressionError(
            "syntax",
            "this name has an escape that JSON does not know",
            cure='the escapes are \\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX',
            offset=span.offset,
            length=span.length,
        ) from error
    return text


def raw_text(token: str) -> str:
    """The text between single quotes; only `\\'` is an escape."""
    return token[1:-1].replace("\\'", "'")
