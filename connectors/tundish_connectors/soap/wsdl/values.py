"""One value in XML and in a record: numbers exact, times as the text that came.

zeep's own reading makes None of what it cannot read (`24:00:00`, `00000000`), and says so in a log at most; here that
is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Literal

from zeep import xsd
from zeep.xsd.types.collection import ListType, UnionType

from tundish.model import Value

Kind = Literal["text", "boolean", "integer", "decimal", "float", "date", "time", "datetime"]

_KINDS: tuple[tuple[type, Kind], ...] = (
    (xsd.Boolean, "boolean"),
    (xsd.Integer, "integer"),
    (xsd.Decimal, "decimal"),
    (xsd.Float, "float"),
    (xsd.Double, "float"),
    (xsd.DateTime, "datetime"),
    (xsd.Date, "date"),
    (xsd.Time, "time"),
)
"""A derived type is a subclass of what it restricts; integers are decimals, so they come first."""

_ZONE = r"(Z|[+-]\d\d:\d\d)?"
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_INTEGER = re.compile(r"[+-]?\d+")
_DATE = re.compile(rf"(\d{{4}}-\d\d-\d\d){_ZONE}")
_TIME = re.compile(rf"(\d\d:\d\d:\d\d)(?:\.\d+)?{_ZONE}")
_DATETIME = re.compile(rf"(\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?{_ZONE}")
_NUMBERS: Mapping[Kind, tuple[re.Pattern[str], str]] = {
    "integer": (_INTEGER, "whole number"),
    "decimal": (_DECIMAL, "decimal number"),
    "float": (_FLOAT, "number"),
}
_MOMENTS: Mapping[Kind, tuple[re.Pattern[str], type[date | time], str]] = {
    "date": (_DATE, date, "date"),
    "time": (_TIME, time, "time of the day"),
    "datetime": (_DATETIME, datetime, "date and time"),
}
_LONGEST_NUMBER = 1000
"""Digits; Python refuses to read much longer integers, and nobody counts so far."""


def kind_of(type_: Any) -> Kind:
    """What a simple type of zeep holds."""
    made: Any = type(type_)
    return _kind(made)


@lru_cache(4096)
def _kind(made: Any) -> Kind:
    for known, kind in _KINDS:
        if issubclass(made, known):
            return kind
    return "text"


def value_of(text: str, type_: Any) -> Value:
    """The value of a text in XML. Raises ValueError with the fact."""
    if isinstance(type_, ListType):
        return [value_of(part, type_.item_type) for part in text.split()]
    if isinstance(type_, UnionType):
        return text
    kind = kind_of(type_)
    return text if kind == "text" else _typed(text.strip(" \t\r\n"), kind)


def _typed(text: str, kind: Kind) -> Value:
    if kind == "boolean":
        if text not in ("true", "1", "false", "0"):
            raise ValueError(f"'{_short(text)}' is neither true nor false")
        return text in ("true", "1")
    if kind in _NUMBERS:
        pattern, what = _NUMBERS[kind]
        if len(text) > _LONGEST_NUMBER or not pattern.fullmatch(text):
            raise ValueError(f"'{_short(text)}' is no {what}")
        return int(text) if kind == "integer" else Decimal(text)
    pattern, made, what = _MOMENTS[kind]
    match = pattern.fullmatch(text)
    if match is None or not _exists(made, match[1]):
        raise ValueError(f"'{_short(text)}' is no {what}")
    return text


def _exists(made: type[date | time], text: str) -> bool:
    """Whether the calendar and the clock have it; `24:00:00` they have not."""
    try:
        made.fromisoformat(text)
    except ValueError:
        return False
    return True


def text_of(value: Value, type_: Any) -> str:
    """The text in XML of a record's value; whether the type takes it is for the schema to say.

    Raises ValueError for what no text can be: an object, a list where the type is no list, a control character.
    """
    if isinstance(type_, ListType):
        return " ".join(text_of(item, type_.item_type) for item in (value if isinstance(value, list) else [value]))
    if isinstance(value, dict | list):
        what = "an object" if isinstance(value, dict) else "a list"
        raise ValueError(f"it is {what}, and the WSDL wants one value")  # noqa: TRY004 - the caller collects it as a fault
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return _number(value, kind_of(type_))
    if not all(character >= " " or character in "\t\n\r" for character in value):
        raise ValueError("it holds a control character, which XML cannot carry")
    return value


def _number(value: int | Decimal, kind: Kind) -> str:
    if isinstance(value, int):
        return str(value)
    if kind == "integer" and value == value.to_integral_value():
        return format(value.to_integral_value(), "f")
    try:
        return format(value, "f")
    except InvalidOperation:
        return str(value)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
