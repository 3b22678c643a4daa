"""Quantities: a number with its unit, and other units for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tundish.errors import ExpressionError
from tundish.language.environment import Environment
from tundish.language.evaluation.arithmetic import EXACT, Number, exact
from tundish.language.functions.declaration import ArgumentError, Parameter, Prepared, prepared_function
from tundish.language.functions.numbers import no_number, plain_number, read_number
from tundish.language.units import Converter, converter, multiplier, unit
from tundish.model.record import Value

multiply = EXACT.multiply


def _number(value: Any) -> Number:
    if type(value) is str:
        number = read_number(value)
        if number is None:
            raise no_number(value)
        return number
    return exact(value)


def _known_unit(code: Any, parameter: str) -> str:
    try:
        return unit(code).code
    except ExpressionError as error:
        raise ArgumentError(error.kind, parameter, error.text, error.cure) from error


@prepared_function(
    "quantity",
    Parameter("value", ("number", "string"), "A number, or a text of digits.", main=True),
    Parameter("unit", ("string",), "A code of UNECE Recommendation 20, such as `KGM`."),
    returns=("object",),
    examples=(
        ("quantity('48', 'H87')", '`{"value": 48, "unit": "H87"}`'),
        ("quantity(`null`, 'KGM')", "`null`"),
    ),
)
def prepare_quantity(literals: Mapping[str, Value], _environment: Environment) -> Prepared:
    """An object of `value` and `unit`. The number is read exactly, and the unit must exist."""
    if "unit" in literals:
        _known_unit(literals["unit"], "unit")

    def quantity(value: Any, code: str) -> dict[str, Any]:
        return {"value": _number(value), "unit": _known_unit(code, "unit")}

    return Prepared(quantity, ("value", "unit"))


@prepared_function(
    "convert",
    Parameter("value", ("object", "number", "string"), "A quantity; or a number, or a text of digits.", main=True),
    Parameter("to", ("string",), "The unit that is wanted."),
    Parameter("unit", ("string",), "The unit of a bare number.", optional=True),
    returns=("object", "number"),
    examples=(
        ("convert(quantity(12500, 'GRM'), 'KGM')", '`{"value": 12.5, "unit": "KGM"}`'),
        ("convert('12500', 'KGM', unit='GRM')", "`12.5`"),
        ("convert(36, 'MTS', unit='KMH')", "`10`"),
    ),
)
def prepare_convert(literals: Mapping[str, Value], _environment: Environment) -> Prepared:
    """The same amount in another unit, exactly: a quantity for a quantity, a number for a number with `unit`.

    Units convert when they have the same dimension. A factor without an end, such as that of km/h to m/s, rounds to 34
    digits.
    """
    for name in ("to", "unit"):
        if literals.get(name) is not None:
            _known_unit(literals[name], name)
    target = literals.get("to")
    if isinstance(target, str):
        convert, convert_text = _to(target)
        return Prepared(convert, ("value", "unit"), for_text=convert_text)
    return Prepared(lambda value, wanted, code=None: _to(wanted)[0](value, code), ("value", "to", "unit"))


def _to(target: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A function for any value, and one for texts, which makes no further call where it has seen the unit before."""
    factors: dict[str | None, Decimal] = {}
    converters: dict[str | None, Converter] = {}

    def convert(value: Any, code: str | None = None) -> Any:
        if type(value) is dict:
            return {"value": convert(value.get("value"), value.get("unit") or ""), "unit": target}
        known = converters.get(code)
        if known is None:
            known = converters[code] = _converter(code, target)
            factor = multiplier(str(code), target)
            if factor is not None:
                factors[code] = factor
        return known(_number(value))

    def convert_text(value: str, code: str | None = None) -> Any:
        factor = factors.get(code)
        if factor is not None:
            try:
                number = plain_number(value)
            except InvalidOperation:
                return convert(value, code)
            if number.is_finite():
                return multiply(number, factor)
        return convert(value, code)

    return convert, convert_text


def _converter(source: str | None, target: str) -> Converter:
    if source is None:
        raise ArgumentError("invalid-value", "value", "a bare number has no unit", "name it: convert(…, unit='KGM')")
    _known_unit(target, "to")
    _known_unit(source, "unit")
    try:
        return converter(source, target)
    except ExpressionError as error:
        raise ArgumentError(error.kind, "unit", error.text, error.cure) from error
