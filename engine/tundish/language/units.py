"""Units of measure of UNECE Recommendation 20, with exact factors.

`units.csv` holds code, name and symbol as the recommendation lists them, the dimension in base units, and the factor
to them as an exact decimal or fraction. Where the recommendation rounds a factor that a definition fixes (the pound,
the inch, the gallon, one per minute, hour or day), the table has the definition. A unit without a factor, such as a
box, can only be converted into itself.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, partial
from importlib.resources import files

from tundish.errors import ExpressionError
from tundish.language.evaluation.arithmetic import EXACT, QUOTIENT, Number
from tundish.language.suggestions import suggestion

Converter = Callable[[Number], Number]
"""Raises decimal.DecimalException for a number beyond `NUMBER_DIGITS`."""


@dataclass(frozen=True, slots=True)
class MeasureUnit:
    """One unit."""

    code: str
    """Common code of the recommendation, such as `KGM`."""
    name: str
    symbol: str
    dimension: str
    """Base units with exponents, such as `kg m-3`; `1` for a pure number; empty where nothing converts."""
    factor: Fraction
    """One of it in base units."""
    offset: Fraction
    """Added before the factor: 273.15 for degrees Celsius."""


@cache
def units() -> dict[str, MeasureUnit]:
    """Every unit by its code; read when the first unit is asked for."""
    text = files(__package__).joinpath("units.csv").read_text("utf-8")
    return {
        row["code"]: MeasureUnit(
            row["code"],
            row["name"],
            row["symbol"],
            row["dimension"],
            Fraction(row["factor"] or 1),
            Fraction(row["offset"] or 0),
        )
        for row in csv.DictReader(text.splitlines())
    }


def unit(code: object) -> MeasureUnit:
    """The unit of a code. Raises ExpressionError of kind invalid-value, with the code that was probably meant."""
    known = units().get(code) if isinstance(code, str) else None
    if known is not None:
        return known
    raise ExpressionError(
        "invalid-value", f"'{str(code)[:40]}' is no unit of UNECE Recommendation 20", cure=_meant(str(code))
    )


def _meant(word: str) -> str:
    folded = word.strip().casefold()
    for known in units().values():
        if folded in {known.symbol.casefold(), known.name.casefold(), known.name.casefold() + "s"}:
            return f"did you mean '{known.code}' ({known.name})?"
    near = suggestion(word.upper(), units()) if len(word) == 3 else ""
    return near or "translate the unit with a code list: code('units', value)"


@cache
def converter(source: str, target: str) -> Converter:
    """A function from a number in one unit to the number in another.

    Exact where the factor is a decimal; else the last division rounds to 34 digits. Raises ExpressionError of kind
    invalid-value for an unknown unit and for units of different dimensions.
    """
    first, second = unit(source), unit(target)
    if source != target and (not first.dimension or first.dimension != second.dimension):
        raise ExpressionError(
            "invalid-value",
            f"'{source}' ({first.name}) cannot be converted into '{target}' ({second.name})",
            cure="the units measure different things, or one of them counts packages",
        )
    factor = multiplier(source, target)
    if factor is not None:
        return partial(EXACT.multiply, factor)
    ratio = first.factor / second.factor
    shift = first.offset * ratio - second.offset
    return lambda number: _quotient(Fraction(number) * ratio + shift)


def multiplier(source: str, target: str) -> Decimal | None:
    """What turns a number in one unit into the number in another, where that is a decimal and nothing is added."""
    first, second = unit(source), unit(target)
    if source == target:
        return Decimal(1)
    ratio = first.factor / second.factor
    return None if first.offset * ratio != second.offset else _decimal(ratio)


def _decimal(fraction: Fraction) -> Decimal | None:
    """The fraction as a decimal; None where it has no end."""
    rest = fraction.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return EXACT.divide(Decimal(fraction.numerator), Decimal(fraction.denominator)) if rest == 1 else None


def _quotient(fraction: Fraction) -> Decimal:
    exact = _decimal(fraction)
    return exact if exact is not None else QUOTIENT.divide(Decimal(fraction.numerator), Decimal(fraction.denominator))
