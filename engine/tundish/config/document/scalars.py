"""What plain text in YAML means, by the core schema of YAML 1.2 (section 10.3.2), with exact numbers.

`no`, `on` and `22:30` are text, `010` is ten, `0o10` is eight, `1e3` is the decimal 1000. What YAML would read as
infinity or not-a-number is refused, because no message can hold it.
"""

from __future__ import annotations

import re
from decimal import Decimal

from tundish.config.document.nodes import ScalarValue

MOST_DIGITS = 400
"""Longer numbers are refused: nobody writes them, and arithmetic on them could take the daemon's time."""

_WORDS: dict[str, ScalarValue] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")


def resolve(text: str) -> ScalarValue:
    """The value of plain text. Raises ValueError (fact; cure) for a number that is not finite or too long."""
    if text in _WORDS:
        return _WORDS[text]
    # A number starts with one of these; nearly all text ends here.
    if text[0] not in "+-.0123456789":
        return text
    if _DECIMAL.fullmatch(text):
        return _number(text)
    if _OCTAL.fullmatch(text):
        return int(text, 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text, 16)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"'{text}' is no finite number; put it in quotes if it is text")
    return text


def loses_zeros(text: str) -> bool:
    """Whether plain text is a whole number whose leading zeros vanish: an identifier that lacks its quotes."""
    return _LEADING_ZERO.fullmatch(text) is not None


def _number(text: str) -> int | Decimal:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number of {len(text)} characters is too long; put it in quotes if it is an identifier")
    if _INTEGER.fullmatch(text):
        return int(text)
    number = Decimal(text)
    if number and abs(number.adjusted()) > MOST_DIGITS:
        raise ValueError(f"'{text}' is beyond every quantity; write a number of at most {MOST_DIGITS} digits")
    return number
