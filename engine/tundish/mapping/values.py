"""The types of a canonical model that hold one value: when a value is of a type, and what is told where it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tundish.faults import Fault, Place
from tundish.language.suggestions import suggestion
from tundish.language.units import units
from tundish.mapping.code_lists import CodeList
from tundish.mapping.definitions import FieldType
from tundish.model import Value

Holds = Callable[[Value], bool]

_DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value must be. Values that hold are most of all values, so `holds` is quick and `faults` is thorough."""

    holds: Holds
    """Whether the value is right; null never is."""
    faults: Callable[[Value], tuple[Fault, ...]]
    """Everything that is wrong with a value that does not hold; paths are relative to the value."""
    sure: type | None = None
    """A class whose values all hold unless they are empty, zero or false; saves most calls of `holds`."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A type whose values are one JSON value."""

    means: str
    """What a value of it is."""
    holds: Holds
    cure: str
    sure: type | None = None
    """As in Rule."""


def scalar_rule(kind: FieldType, place: Place) -> Rule:
    """The rule of a type that needs nothing but the value."""
    scalar = SCALARS[kind]

    def faults(value: Value) -> tuple[Fault, ...]:
        return (Fault("", f"{shown(value)} is no {kind}, which is {scalar.means}", scalar.cure, place),)

    return Rule(scalar.holds, faults, scalar.sure)


def code_rule(codes: CodeList, place: Place) -> Rule:
    """A code of a list. Another spelling of it is a fault too: the mapping is to give the code itself."""
    known = codes.codes

    def holds(value: Value) -> bool:
        return type(value) is str and value in known

    def faults(value: Value) -> tuple[Fault, ...]:
        cure = ""
        if isinstance(value, str):
            meant = codes.get(value)
            cure = suggestion(value, known) if meant is None else f"code('{codes.name}', …) makes it '{meant}'"
        fact = f"{shown(value)} is no code of the list '{codes.name}'"
        return (Fault("", fact, cure or f"correct the mapping, or add it to the list '{codes.name}'", place),)

    return Rule(holds, faults)


def quantity_rule(place: Place) -> Rule:
    """An object of `value`, exact, and `unit`, a code of UNECE Recommendation 20."""
    known = frozenset(units())

    def is_unit(value: Value) -> bool:
        return type(value) is str and value in known

    unit = Scalar("a unit code of UNECE Recommendation 20", is_unit, "translate it with code('units', …)")
    return _amount_rule("quantity", "unit", unit, place)


def money_rule(place: Place) -> Rule:
    """An object of `value`, exact, and `currency`, a code of ISO 4217 by its form."""

    def is_currency(value: Value) -> bool:
        return type(value) is str and _CURRENCY.fullmatch(value) is not None

    currency = Scalar("a currency code of ISO 4217", is_currency, "write three capital letters, such as EUR")
    return _amount_rule("money", "currency", currency, place)


def _amount_rule(kind: FieldType, measure: str, scale: Scalar, place: Place) -> Rule:
    is_measure = scale.holds
    members = {"value", measure}
    number = SCALARS["decimal"]

    def holds(value: Value) -> bool:
        return (
            type(value) is dict and len(value) == 2 and is_number(value.get("value")) and is_measure(value.get(measure))
        )

    def faults(value: Value) -> tuple[Fault, ...]:
        if not isinstance(value, dict) or value.keys() != members:
            fact = f"{shown(value)} is no {kind}, which is an object of 'value' and '{measure}'"
            return (Fault("", fact, "set both, and nothing else", place),)
        return tuple(
            Fault(name, f"{shown(value[name])} is not {part.means}", part.cure, place)
            for name, part in (("value", number), (measure, scale))
            if not part.holds(value[name])
        )

    return Rule(holds, faults)


def is_number(value: object) -> bool:
    """An exact, finite number; booleans are none."""
    return type(value) is int or (type(value) is Decimal and value.is_finite())


def shown(value: Value) -> str:
    """The value as a fault names it, shortened."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 40 else f"'{value[:40]}…'"
    if isinstance(value, dict):
        return f"an object of {', '.join(map(repr, value))}" if 0 < len(value) <= 4 else "an object"
    if isinstance(value, list):
        return "a list"
    return "null" if value is None else f"the number {str(value)[:40]}"


def _is_datetime(value: Value) -> bool:
    if type(value) is not str or not _DATETIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_date(value: Value) -> bool:
    if type(value) is not str or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


SCALARS: Mapping[FieldType, Scalar] = {
    "id": Scalar(
        "text that is not empty, because a number would lose its leading zeros",
        lambda value: type(value) is str and value != "",
        "take it as text from its source, or map it with text(…)",
        str,
    ),
    "text": Scalar("text", lambda value: type(value) is str, "map it with text(…)", str),
    "datetime": Scalar(
        "a date and a time with a zone by RFC 3339, such as 2026-10-05T14:23:11+02:00",
        _is_datetime,
        "map it with datetime(…)",
    ),
    "date": Scalar("a day by RFC 3339, such as 2026-10-05", _is_date, "map it with date(…)"),
    "int": Scalar("a whole number", lambda value: type(value) is int, "map it with int(…)", int),
    "decimal": Scalar("an exact number", is_number, "map it with decimal(…)", int),
    "boolean": Scalar("true or false", lambda value: type(value) is bool, "map it with a comparison", bool),
}
"""The types that need nothing but the value."""
