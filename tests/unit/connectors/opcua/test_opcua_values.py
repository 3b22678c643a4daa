"""What a value is in JSON, digit by digit, and back."""

from __future__ import annotations

import json
import math
import struct
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st

from tundish.errors import Invalid
from tundish.model import Value
from tundish_connectors.opcua.values.encoding import encode_variant
from tundish_connectors.opcua.values.plain import encode, encode_lines, exact, plain_variant, shortest_float, time_text
from tundish_connectors.opcua.values.records import Item, value_record

UNKNOWN = {"type_id": "ns=2;i=7", "body": "AQ=="}
"""A structure that the server does not describe."""


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_is_written_with_digits_that_read_back_as_itself(number: float) -> None:
    text = encode(plain_variant(ua.Variant(number, ua.VariantType.Float)))
    assert struct.pack("<f", float(text)) == struct.pack("<f", number)
    assert len(text) <= len(repr(number))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_written_with_digits_that_read_back_as_itself(number: float) -> None:
    text = encode(plain_variant(ua.Variant(number, ua.VariantType.Double)))
    assert float(text) == number
    found = exact(number)
    assert found is not None
    assert Decimal(text.decode()) == found


@given(st.integers(-(1 << 63), (1 << 64) - 1))
def test_integers_keep_every_digit(number: int) -> None:
    kind = ua.VariantType.Int64 if number < 1 << 63 else ua.VariantType.UInt64
    assert json.loads(encode(plain_variant(ua.Variant(number, kind)))) == number


@pytest.mark.parametrize(
    ("value", "kind", "plain"),
    [
        (0.1, ua.VariantType.Float, 0.1),
        (struct.unpack("<f", struct.pack("<f", 0.1))[0], ua.VariantType.Float, 0.1),
        (16777216.0, ua.VariantType.Float, 16777216.0),
        (math.nan, ua.VariantType.Double, "NaN"),
        (-math.inf, ua.VariantType.Float, "-Infinity"),
        (b"\x00\xff", ua.VariantType.ByteString, "AP8="),
        (datetime(2026, 3, 2, 14, 5, tzinfo=UTC), ua.VariantType.DateTime, "2026-03-02T14:05:00Z"),
        (ua.NodeId("A", 2), ua.VariantType.NodeId, "ns=2;s=A"),
        (ua.QualifiedName("A", 2), ua.VariantType.QualifiedName, "2:A"),
        (ua.LocalizedText("Störung", "de"), ua.VariantType.LocalizedText, "Störung"),
        (ua.StatusCode(ua.StatusCodes.BadOutOfRange), ua.VariantType.StatusCode, "BadOutOfRange"),
        ([1, 2], ua.VariantType.Int32, [1, 2]),
        (ua.ExtensionObject(ua.NodeId(7, 2), b"\x01"), ua.VariantType.ExtensionObject, UNKNOWN),
        (ua.Argument(Name="a", ValueRank=-1).Name, ua.VariantType.String, "a"),
    ],
)  # fmt: skip
def test_each_type_has_its_form(value: object, kind: ua.VariantType, plain: object) -> None:
    assert plain_variant(ua.Variant(value, kind)) == plain


def test_a_matrix_is_a_list_of_lists() -> None:
    matrix = ua.Variant([1, 2, 3, 4, 5, 6], ua.VariantType.Int32, Dimensions=[2, 3])
    assert plain_variant(matrix) == [[1, 2, 3], [4, 5, 6]]


def test_structures_are_objects_with_their_floats_short() -> None:
    found = plain_variant(ua.Variant(ua.Range(0.5, 99.9), ua.VariantType.ExtensionObject))
    assert found == {"Low": 0.5, "High": 99.9}
    assert shortest_float(struct.unpack("<f", struct.pack("<f", 99.9))[0]) == 99.9


def test_the_ends_of_time_are_no_time() -> None:
    assert time_text(datetime(1601, 1, 1, tzinfo=UTC)) is None
    assert time_text(datetime(9999, 12, 31, tzinfo=UTC)) is None
    assert time_text(datetime(2026, 3, 2, 14, 5, 0, 250, tzinfo=UTC)) == "2026-03-02T14:05:00.000250Z"


def test_the_record_of_a_value_says_when_values_are_missing_before_it() -> None:
    data = ua.DataValue(ua.Variant(1, ua.VariantType.Int32), ua.StatusCode(0x480))
    record = value_record(Item(1, "ns=2;s=A", "Objects/A", "A", 0), data)
    assert (record["overflow"], record["status"]) == (True, "Good")
    assert "overflow" not in value_record(Item(1, "n", "p", "A", 0), ua.DataValue(ua.Variant(1, ua.VariantType.Int32)))
    assert encode_lines([{"a": 1}, {"b": Decimal("1.50")}]) == b'{"a":1}\n{"b":1.50}'


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (300, "Byte", "it takes 0 to 255"),
        (True, "Int32", "write a whole number"),
        (Decimal("1.5"), "Int32", "write a whole number"),
        (Decimal("1e39"), "Float", "it is too large"),
        ("x", "Double", "write a number"),
        (1, "String", "write a text"),
        ("%%%", "ByteString", "write base64"),
        ("x", "Guid", "is no Guid"),
        ("x", "NodeId", "is no NodeId"),
        ([1], "Int32", "single value"),
    ],
)
def test_what_a_type_does_not_hold_is_invalid(value: Value, kind: str, text: str) -> None:
    with pytest.raises(Invalid, match=text):
        encode_variant(value, ua.VariantType[kind], is_array=False)


@given(st.integers(-(1 << 31), (1 << 31) - 1))
def test_what_was_read_can_be_written(number: int) -> None:
    made = encode_variant(number, ua.VariantType.Int32, is_array=False)
    assert plain_variant(made) == number
