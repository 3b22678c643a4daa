"""Units of UNECE Recommendation 20 and exact conversion."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import shared
from tests.unit.language.evaluating import evaluate, refused
from tundish.language.evaluation.values import equal
from tundish.language.units import converter, units


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("quantity('1250.500', 'KGM')", {"value": Decimal("1250.500"), "unit": "KGM"}),
        ("quantity(2, u)", {"value": 2, "unit": "KGM"}),
        ("quantity(0.5, 'KGM')", {"value": Decimal("0.5"), "unit": "KGM"}),
        ("convert(1, 'GRM', unit='LBR')", Decimal("453.59237")),
        ("convert(1, 'MTR', unit='INH')", Decimal("0.0254")),
        ("convert('16', 'LBR', unit='ONZ')", 1),
        ("convert(' 2 ', 'GRM', unit='KGM')", 2000),
        ("convert(2, u, unit='TNE')", 2000),
        ("convert(5, 'KGM', unit=u)", 5),
        ("convert('5', 'KGM', unit=u)", 5),
        ("convert(3600, 'HUR', unit='SEC')", 1),
        ("convert(1, 'MTS', unit='KMH')", Decimal("0.2777777777777777777777777777777778")),
        ("convert(20, 'FAH', unit='CEL')", 68),
        ("convert(212, 'CEL', unit='FAH')", 100),
        ("convert(0, 'KEL', unit='CEL')", Decimal("273.15")),
        ("convert(60, 'E32', unit='L2') ?? 'none'", 3600),
        ("convert(q, 'GRM')", {"value": 1500, "unit": "GRM"}),
        ("convert(q, 'KGM')", {"value": Decimal("1.5"), "unit": "KGM"}),
        ("convert(1, 'H87', unit='H87')", 1),
        ("convert('1.5', 'GRM', unit=u) + convert('2', 'GRM', unit=u) + convert(missing, 'GRM', unit=u)", None),
        ("items[*].convert(v, 'GRM', unit='KGM')", [1000, 2000, 3000]),
    ],
)
def test_what_quantities_give(text: str, value: object) -> None:
    record = {"u": "KGM", "q": {"value": Decimal("1.5"), "unit": "KGM"}, "items": [{"v": "1"}, {"v": " 2"}, {"v": "3"}]}
    assert equal(evaluate(text, record), value)


@pytest.mark.parametrize(
    ("text", "fact", "cure"),
    [
        ("quantity(1, 'kg')", "'kg' is no unit", "did you mean 'KGM' (kilogram)?"),
        ("quantity(1, 'kilograms')", "is no unit", "did you mean 'KGM' (kilogram)?"),
        ("quantity(1, 'KGMM')", "is no unit", "code list"),
        ("quantity(1, 'KGN')", "is no unit", "did you mean"),
        ("quantity(1, u)", "'QQQ' is no unit", ""),
        ("quantity('x', 'KGM')", "'x' is no number", ""),
        ("quantity(1, missing)", "takes a text as `unit`", ""),
        ("convert(1, 'GRM')", "a bare number has no unit", "unit='KGM'"),
        ("convert('x', 'GRM', unit='KGM')", "'x' is no number", ""),
        ("convert('NaN', 'GRM', unit='KGM')", "'NaN' is no number", ""),
        ("['1', 'NaN'][*].convert(@, 'GRM', unit='KGM')", "'NaN' is no number", ""),
        ("['1', 'x'][*].convert(@, 'GRM', unit='KGM')", "'x' is no number", ""),
        ("convert(1, 'GRM', unit='MTR')", "'MTR' (metre) cannot be converted into 'GRM' (gram)", "different things"),
        ("convert(1, 'H87', unit='EA')", "cannot be converted", ""),
        ("convert(1, 'XYZ', unit='MTR')", "'XYZ' is no unit", ""),
        ("convert(1, u, unit='KGM')", "'QQQ' is no unit", ""),
        ("convert(1, 'KGM', unit=u)", "'QQQ' is no unit", ""),
        ("convert(`{}`, 'KGM')", "'' is no unit", ""),
        ("convert('1e200', 'MGM', unit='KGM')", "too large", "round"),
        ("convert(1e200, 'MGM', unit='KGM')", "too large", "round"),
    ],
)
def test_what_quantities_refuse(text: str, fact: str, cure: str) -> None:
    error = refused(text, {"u": "QQQ"})
    assert fact in error.text
    assert cure in error.cure


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_decimal_factors_lose_nothing(number: Decimal) -> None:
    for there, back in (("KGM", "GRM"), ("LBR", "KGM"), ("LTR", "MTQ"), ("KMT", "MMT")):
        assert converter(back, there)(converter(there, back)(number)) == number


def test_the_table_is_the_recommendation() -> None:
    with shared("data", "unece-units-of-measure.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["CommonCode"]: row for row in csv.DictReader(file)}
    table = units()
    assert table.keys() <= listed.keys()
    current = {code for code, row in listed.items() if row["Status"] != "X" and len(code) <= 3}
    assert current - table.keys() == set()
    assert all(unit.factor > 0 for unit in table.values())


@pytest.mark.parametrize(
    ("code", "dimension", "factor"),
    [
        ("TNE", "kg", Fraction(1000)),
        ("LBR", "kg", Fraction("0.45359237")),
        ("KMH", "m s-1", Fraction(5, 18)),
        ("BAR", "kg m-1 s-2", Fraction(100_000)),
        ("KWH", "kg m2 s-2", Fraction(3_600_000)),
        ("OHM", "A-2 kg m2 s-3", Fraction(1)),
        ("P1", "1", Fraction(1, 100)),
        ("GLL", "m3", Fraction("0.003785411784")),
        ("H87", "", Fraction(1)),
    ],
)
def test_factors_are_those_of_the_definitions(code: str, dimension: str, factor: Fraction) -> None:
    unit = units()[code]
    assert (unit.dimension, unit.factor) == (dimension, factor)
