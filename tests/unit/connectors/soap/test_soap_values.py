"""Single values: what zeep would silently make None is a fault here."""

from __future__ import annotations

import logging
from decimal import Decimal, InvalidOperation

import pytest
from lxml import etree
from zeep import xsd

from tundish.model import Value
from tundish_connectors.soap.wsdl.values import kind_of, text_of, value_of

GOOD: list[tuple[object, str, Value]] = [
    (xsd.Integer(), " 0042 ", 42),
    (xsd.Decimal(), "+1.", Decimal(1)),
    (xsd.Double(), "1.5E3", Decimal("1.5E+3")),
    (xsd.Boolean(), "1", True),
    (xsd.Boolean(), "false", False),
    (xsd.Date(), "2026-11-21Z", "2026-11-21Z"),
    (xsd.Date(), "2028-02-29", "2028-02-29"),
    (xsd.DateTime(), "2026-11-21T23:59:59.5-05:00", "2026-11-21T23:59:59.5-05:00"),
    (xsd.Time(), "00:00:00", "00:00:00"),
    (xsd.String(), " a ", " a "),
]


@pytest.mark.parametrize(("type_", "text", "value"), GOOD)
def test_values(type_: object, text: str, value: Value) -> None:
    assert value_of(text, type_) == value


BAD = [
    (xsd.Time(), "24:00:00", "no time of the day"),
    (xsd.DateTime(), "2026-11-21T24:00:00", "no date and time"),
    (xsd.Date(), "00000000", "no date"),
    (xsd.Date(), "2026-02-29", "no date"),
    (xsd.Date(), "20261121", "no date"),
    (xsd.Decimal(), "10,500", "no decimal number"),
    (xsd.Decimal(), "", "no decimal number"),
    (xsd.Decimal(), "NaN", "no decimal number"),
    (xsd.Double(), "INF", "no number"),
    (xsd.Integer(), "1.0", "no whole number"),
    (xsd.Integer(), "9" * 5000, "no whole number"),
    (xsd.Boolean(), "yes", "neither true nor false"),
]


@pytest.mark.parametrize(("type_", "text", "fact"), BAD)
def test_what_cannot_be_read(type_: object, text: str, fact: str) -> None:
    with pytest.raises(ValueError, match=fact):
        value_of(text, type_)


@pytest.mark.parametrize(("type_", "text"), [(xsd.Time(), "24:00:00"), (xsd.Date(), "00000000")])
def test_zeep_itself_would_lose_it(type_: xsd.AnySimpleType, text: str, caplog: pytest.LogCaptureFixture) -> None:
    """The reason for reading values ourselves: if this ever fails, zeep has changed."""
    node = etree.Element("a")
    node.text = text
    with caplog.at_level(logging.ERROR, "zeep"):
        assert type_.parse_xmlelement(node) is None
    assert "Error during xml -> python translation" in caplog.text


def test_zeep_itself_would_fall_over() -> None:
    node = etree.Element("a")
    node.text = "10,500"
    with pytest.raises(InvalidOperation):
        xsd.Decimal().parse_xmlelement(node)


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        (Decimal("1E+3"), xsd.Decimal(), "1000"),
        (Decimal("1.50"), xsd.Decimal(), "1.50"),
        (Decimal("2.0"), xsd.Integer(), "2"),
        (Decimal("2.5"), xsd.Integer(), "2.5"),
        (4711, xsd.String(), "4711"),
        (False, xsd.Boolean(), "false"),
        (None, xsd.String(), ""),
        ("0", xsd.Boolean(), "0"),
    ],
)
def test_texts(value: Value, type_: object, text: str) -> None:
    assert text_of(value, type_) == text


def test_derived_types_are_what_they_restrict() -> None:
    assert kind_of(type("Amount", (xsd.Decimal,), {})()) == "decimal"
    assert kind_of(xsd.Int()) == "integer"
    assert kind_of(xsd.AnyURI()) == "text"
