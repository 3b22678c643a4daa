"""Exact reading and writing of one JSON text, by RFC 8259: no number is rounded, nothing is guessed or dropped.

msgspec does the work. What it accepts and a factory must not is found by counting, because a walk over each record
in Python would cost more than the decoding:

- *Duplicate keys.* msgspec keeps the last value. Each key has one colon, and a dropped member takes its colon along,
  so the colons of the text and of the encoded record are equal exactly where nothing was dropped. Only an escaped
  colon (`\\u003a`) disturbs this count; texts that have one are scanned token by token.
- *Depth.* A text with no more than 64 opening brackets cannot be nested deeper than that.
"""

from __future__ import annotations

import decimal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.json_faults import duplicate_key, extreme_number, too_deep, unreadable
from tundish.model import Value

MAX_DEPTH = 64
"""Arrays and objects within each other."""

BOM = b"\xef\xbb\xbf"

# Traps refuse what would lose digits (more than 1000 of them) and what no binary double could hold either; an exponent
# of a billion is valid JSON, and the first addition would need a gigabyte.
_NUMBERS = decimal.Context(
    prec=1000,
    Emax=308,
    Emin=-308,
    traps=[decimal.Overflow, decimal.Subnormal, decimal.Inexact, decimal.InvalidOperation],
)
_decode = msgspec.json.Decoder(float_hook=_NUMBERS.create_decimal).decode
_encoder = msgspec.json.Encoder(decimal_format="number")
_encode = _encoder.encode
_HAS_BRACKETS = frozenset({dict, list}).__contains__


@dataclass(frozen=True, slots=True)
class JsonReader:
    """Reads one JSON text at a time."""

    duplicate_keys: bool = False
    """Accept an object that has a key twice; the last one counts."""

    def read(self, text: bytes) -> Value:
        """The value of the text. Raises Invalid with line and column."""
        if text.startswith(BOM):
            text = text[3:]
        try:
            value: Value = _decode(text)
        except RecursionError as error:
            raise _refused(too_deep(MAX_DEPTH)) from error
        except (ArithmeticError, msgspec.ValidationError) as error:
            raise _refused(extreme_number(text, _takes)) from error
        except ValueError as error:
            raise _refused(unreadable(text, error)) from error
        if text.count(b"{") + text.count(b"[") > MAX_DEPTH and not _is_shallow(value):
            raise _refused(too_deep(MAX_DEPTH))
        if not self.duplicate_keys and _may_repeat_a_key(text, value) and (fault := duplicate_key(text)):
            raise _refused(fault)
        return value

    def read_all(self, texts: Sequence[bytes]) -> list[Value] | None:
        """The values of many texts, in a fraction of the time that `read` takes for each of them.

        None where one of them may be refused: `read` then says which, and why.
        """
        try:
            values: list[Value] = [_decode(text) for text in texts]
        except (ValueError, ArithmeticError, RecursionError):
            return None
        whole = b"".join(texts)
        # Every array and object has one bracket of its own, and what all have together is a limit for each of them.
        more = whole.count(b"{") + whole.count(b"[") - sum(map(_HAS_BRACKETS, map(type, values)))
        if more >= MAX_DEPTH and any(text.count(b"{") + text.count(b"[") > MAX_DEPTH for text in texts):
            return None
        # No text has fewer colons than its value, so the sums are equal only where each of them is.
        if not self.duplicate_keys and (_escapes_a_colon(whole) or whole.count(b":") != _colons(values)):
            return None
        return values


def encode_json(value: Value) -> bytes:
    """The value as JSON without white space, numbers exact. Raises Invalid for what JSON cannot say."""
    try:
        return _encode(value)
    except UnicodeEncodeError as error:
        raise _unsayable(f"a text holds half of a surrogate pair ({error.object[error.start]!r})") from error
    except RecursionError as error:
        raise _unsayable("the record is nested too deep") from error
    except ValueError as error:
        raise _unsayable("a number is NaN or infinite") from error


def _refused(fault: Fault) -> Invalid:
    return Invalid(f"not readable as JSON: {fault}", faults=(fault,))


def _unsayable(fact: str) -> Invalid:
    fault = Fault("", fact, "JSON (RFC 8259) cannot say this; correct the mapping")
    return Invalid(f"not writable as JSON: {fault}", faults=(fault,))


def _takes(number: str) -> bool:
    try:
        _decode(number)
    except (msgspec.ValidationError, ArithmeticError):
        return False
    return True


def _is_shallow(value: Value) -> bool:
    level: list[Any] = [[value]]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for container in level
            for child in (container.values() if type(container) is dict else container)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return True
    return False


def _may_repeat_a_key(text: bytes, value: Value) -> bool:
    return _escapes_a_colon(text) or text.count(b":") != _encode(value).count(b":")


def _escapes_a_colon(text: bytes) -> bool:
    return b"\\" in text and (b"\\u003a" in text or b"\\u003A" in text)


def _colons(values: Sequence[Value]) -> int:
    return _encoder.encode_lines(values).count(b":")
