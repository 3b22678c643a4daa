"""Payloads: what is sent comes back as it was, and what cannot be read says so by itself."""

from __future__ import annotations

import struct
import zlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.errors import Invalid
from tundish.model import Value
from tundish_connectors.sparkplug.payload.datatypes import (
    ARRAYS,
    SIGNED,
    UNSIGNED,
    DataType,
    exact_float,
    milliseconds,
    moment,
)
from tundish_connectors.sparkplug.payload.decoding import decode
from tundish_connectors.sparkplug.payload.encoding import SENDABLE, encode
from tundish_connectors.sparkplug.payload.metrics import Message, Metric
from tundish_connectors.sparkplug.payload.schema import Payload

single = st.floats(width=32, allow_nan=False, allow_infinity=False)
double = st.floats(allow_nan=False, allow_infinity=False)
text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


def numbers(datatype: DataType) -> st.SearchStrategy[Value]:
    """Whole numbers of a type."""
    if datatype in SIGNED:
        half = 1 << (SIGNED[datatype] - 1)
        return st.integers(-half, half - 1)
    return st.integers(0, (1 << UNSIGNED[datatype]) - 1)


VALUES: dict[DataType, st.SearchStrategy[Value]] = {
    **{datatype: numbers(datatype) for datatype in (*SIGNED, *UNSIGNED)},
    DataType.Float: single.map(exact_float),
    DataType.Double: double.map(lambda value: Decimal(repr(value))),
    DataType.Boolean: st.booleans(),
    DataType.String: text,
    DataType.Text: text,
    DataType.UUID: st.uuids().map(str),
    DataType.DateTime: st.integers(0, 4_102_444_800_000).map(moment),
}
VALUES |= {array: st.lists(VALUES[element], max_size=9) for array, (_, element) in ARRAYS.items() if element in VALUES}
VALUES |= {
    DataType.BooleanArray: st.lists(st.booleans(), max_size=20),
    DataType.StringArray: st.lists(text, max_size=5),
}
EVERY = st.sampled_from(sorted(VALUES)).flatmap(lambda datatype: st.tuples(st.just(datatype), VALUES[datatype]))


def one(datatype: int, value: Value) -> Metric:
    """A metric after its journey."""
    (metric,) = decode(encode(Message((Metric("m", datatype, value),)))).metrics
    return metric


@given(EVERY)
def test_every_value_comes_back_as_it_was(case: tuple[DataType, Value]) -> None:
    datatype, value = case
    metric = one(datatype, value)
    assert (metric.fault, metric.datatype, metric.value) == ("", datatype, value)


@given(st.lists(EVERY, max_size=6), st.integers(0, 255), st.integers(0, 2**63))
def test_a_whole_message_comes_back(cases: list[tuple[DataType, Value]], seq: int, at: int) -> None:
    metrics = tuple(
        Metric(f"m{number}", datatype, value, alias=number, timestamp=at, historical=bool(number % 2))
        for number, (datatype, value) in enumerate(cases)
    )
    sent = Message(metrics, at, seq)
    assert decode(encode(sent)) == sent


def test_null_is_no_zero() -> None:
    assert one(DataType.Int32, None).value is None
    assert one(DataType.Int32, 0).value == 0


def test_a_table() -> None:
    table: Value = {
        "columns": ["step", "seconds"],
        "types": ["String", "Int64"],
        "rows": [{"step": "heat", "seconds": -1}, {"step": None, "seconds": 2}],
    }
    assert one(DataType.DataSet, table).value == table


@pytest.mark.parametrize(
    ("datatype", "value"),
    [
        (DataType.Int8, 128),
        (DataType.UInt8, -1),
        (DataType.UInt64, 2**64),
        (DataType.Int32, Decimal("0.5")),
        (DataType.Int32, True),
        (DataType.Float, Decimal("1e39")),
        (DataType.Double, "1"),
        (DataType.Boolean, 1),
        (DataType.String, 1),
        (DataType.DateTime, "2026-01-01T00:00:00"),
        (DataType.DateTime, -1),
        (DataType.DateTime, [1]),
        (DataType.Bytes, "no Base64!"),
        (DataType.Int8Array, 1),
        (DataType.Int8Array, [128]),
        (DataType.StringArray, ["a\0b"]),
        (DataType.BooleanArray, [1]),
        (DataType.DataSet, {"columns": ["a"], "types": [], "rows": []}),
        (DataType.DataSet, {"columns": ["a"], "types": ["DataSet"], "rows": []}),
        (DataType.DataSet, {"columns": ["a"], "types": ["Int8"], "rows": [[1]]}),
        (DataType.DataSet, [1]),
        (DataType.DataSet, {}),
    ],
)
def test_a_value_that_does_not_fit_is_invalid(datatype: DataType, value: Value) -> None:
    with pytest.raises(Invalid) as caught:
        encode(Message((Metric("speed", datatype, value), Metric("other", DataType.Int8, 1))))
    (fault,) = caught.value.faults
    assert fault.path == '"speed"'
    assert datatype.name in fault.text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"datatype": 3, "string_value": "x"}, "travelled as string_value"),
        ({"datatype": 9, "float_value": float("nan")}, "no number"),
        ({"datatype": 10, "double_value": float("inf")}, "no number"),
        ({"datatype": 24, "bytes_value": b"\0\0\0"}, "no whole number of elements"),
        ({"datatype": 32, "bytes_value": b"\x09\0\0\0\xff"}, "hold no 9 values"),
        ({"datatype": 32, "bytes_value": b"\x09"}, "cut short"),
        ({"datatype": 33, "bytes_value": b"abc"}, "no end"),
        ({"datatype": 99, "int_value": 1}, "99"),
    ],
)
def test_a_metric_that_cannot_be_read_harms_no_other(fields: dict[str, object], says: str) -> None:
    payload = Payload()
    payload.metrics.add(name="bad", **fields)
    payload.metrics.add(name="good", datatype=3, int_value=7)
    bad, good = decode(payload.SerializeToString()).metrics
    assert bad.value is None
    assert says in bad.fault
    assert "fault" in bad.record()
    assert (good.value, good.fault) == (7, "")


def test_whole_numbers_travel_in_either_place() -> None:
    payload = Payload()
    payload.metrics.add(name="a", datatype=DataType.UInt32, long_value=2**32 - 1)
    payload.metrics.add(name="b", datatype=DataType.Int8, int_value=0xFFFFFFFB)
    payload.metrics.add(name="c", datatype=DataType.Int8, int_value=0xFB)
    payload.metrics.add(name="d", datatype=DataType.Int64, int_value=5)
    assert [metric.value for metric in decode(payload.SerializeToString()).metrics] == [2**32 - 1, -5, -5, 5]


def test_a_table_that_contradicts_itself_is_a_fault() -> None:
    for columns, types, cells in ((["a", "a"], [3, 3], 2), (["a"], [3, 3], 1), (["a"], [3], 2)):
        payload = Payload()
        table = payload.metrics.add(name="t", datatype=DataType.DataSet).dataset_value
        table.columns.extend(columns)
        table.types.extend(types)
        row = table.rows.add()
        for _ in range(cells):
            row.elements.add(int_value=1)
        assert decode(payload.SerializeToString()).metrics[0].fault


def test_properties_and_metadata() -> None:
    payload = Payload()
    metric = payload.metrics.add(name="m", datatype=3, int_value=1, is_transient=True)
    metric.properties.keys.extend(["Quality", "none", "set"])
    metric.properties.values.add(type=3, int_value=192)
    metric.properties.values.add(is_null=True)
    inner = metric.properties.values.add(type=DataType.PropertySet).propertyset_value
    inner.keys.append("a")
    inner.values.add(type=DataType.String, string_value="b")
    metric.metadata.file_name = "picture.png"
    record = decode(payload.SerializeToString()).metrics[0].record()
    assert record["properties"] == {"Quality": 192, "none": None, "set": {"a": "b"}}
    assert record["metadata"] == {"file_name": "picture.png"}
    assert record["transient"] is True


@pytest.mark.parametrize("body", [b"\xff", b"\x12\xff\xff\xff\xff\x0f", b"text that is none"])
def test_what_is_no_payload_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid, match="no payload"):
        decode(body)


@given(st.binary(max_size=200))
def test_no_bytes_break_anything(body: bytes) -> None:
    try:
        message = decode(body)
    except Invalid:
        return
    for metric in message.metrics:
        metric.record()


def compressed(body: bytes) -> bytes:
    """A payload that holds another one."""
    encoded: bytes = Payload(uuid="SPBV1.0_COMPRESSED", body=body).SerializeToString()
    return encoded


def test_a_payload_inside_a_payload() -> None:
    inner = encode(Message((Metric("m", DataType.Int32, 1),), 1, 2))
    assert decode(compressed(zlib.compress(inner))).seq == 2
    for bad in (b"no zlib", zlib.compress(inner)[:-4], zlib.compress(b"\xff" * 100), b""):
        with pytest.raises(Invalid):
            decode(compressed(bad))


def test_a_payload_that_would_fill_the_memory_is_refused() -> None:
    bomb = zlib.compressobj()
    zeros = b"\0" * (1 << 20)
    body = b"".join(bomb.compress(zeros) for _ in range(70)) + bomb.flush()
    with pytest.raises(Invalid, match="more than"):
        decode(compressed(body))


@given(single)
def test_a_short_number_is_the_same_number(value: float) -> None:
    assert struct.unpack("<f", struct.pack("<f", float(exact_float(value))))[0] == value
    assert exact_float(struct.unpack("<f", struct.pack("<f", 0.1))[0]) == Decimal("0.1")


def test_moments() -> None:
    assert moment(1767225600123) == "2026-01-01T00:00:00.123Z"
    assert moment(2**62) == 2**62
    assert milliseconds("2026-01-01T01:00:00.123+01:00") == 1767225600123
    assert milliseconds(5) == 5


def test_every_sendable_type_is_tried_here() -> None:
    assert set(SENDABLE) - set(VALUES) == {DataType.Bytes, DataType.File, DataType.DataSet}
    assert one(DataType.File, "AP8=").value == "AP8="
