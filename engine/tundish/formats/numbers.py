"""Numbers as text in files: exact, with a point or a comma, without grouping of thousands."""

from __future__ import annotations

import re
from decimal import Decimal

from tundish.model import Value

_NUMBER = {
    ".": re.compile(r"[+-]?[0-9]{1,400}(?:\.[0-9]{1,400})?", re.ASCII),
    ",": re.compile(r"[+-]?[0-9]{1,400}(?:,[0-9]{1,400})?", re.ASCII),
}


class NotANumber(ValueError):
    """A text or value is no number."""


def read_number(text: str, mark: str) -> int | Decimal | None:
    """`1250,500` with the mark `,` is Decimal('1250.500'); an empty text is None. Raises NotANumber."""
    stripped = text.strip()
    if not stripped:
        return None
    if not _NUMBER[mark].fullmatch(stripped):
        raise NotANumber(f"{text[:40]!r} is no number with the decimal mark {mark!r}")
    return Decimal(stripped.replace(",", ".")) if mark in stripped else int(stripped)


def shifted(number: int | Decimal, places: int) -> Decimal:
    """The number with its decimal point moved to the right, exactly, whatever its length."""
    sign, digits, exponent = Decimal(number).as_tuple()
    return Decimal((sign, digits, int(exponent) + places))


def number_text(value: Value, mark: str) -> str:
    """The number in plain digits, without an exponent. Raises NotANumber."""
    if type(value) is int:
        return str(value)
    # Written out, an exponent of a billion would be a gigabyte of zeros.
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) <= 400:
        return format(value, "f").replace(".", mark)
    raise NotANumber(f"the value is {_named(value)}, which a cell cannot hold")


def _named(value: Value) -> str:
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else repr(value)
