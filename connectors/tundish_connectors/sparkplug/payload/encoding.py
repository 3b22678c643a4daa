"""From metrics to the bytes of a payload."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.model import Value
from tundish_connectors.sparkplug.payload.datatypes import (
    ARRAYS,
    BINARY,
    SIGNED,
    TEXTS,
    UNSIGNED,
    DataType,
    as_boolean,
    as_bytes,
    as_float,
    as_text,
    as_whole,
    milliseconds,
    packed,
)
from tundish_connectors.sparkplug.payload.metrics import Message, Metric
from tundish_connectors.sparkplug.payload.schema import Payload

SENDABLE = frozenset({*SIGNED, *UNSIGNED, *TEXTS, *BINARY, *ARRAYS}) | {
    DataType.Float,
    DataType.Double,
    DataType.Boolean,
    DataType.DateTime,
    DataType.DataSet,
    DataType.BooleanArray,
    DataType.StringArray,
}
"""Datatypes that can be sent; templates need a definition that a route has no place for."""
_64_BITS = frozenset({DataType.Int64, DataType.UInt64, DataType.DateTime})


def encode(message: Message) -> bytes:
    """The bytes of a payload. Raises Invalid, with every fault, where a value does not fit its type."""
    payload = Payload()
    if message.timestamp is not None:
        payload.timestamp = message.timestamp
    if message.seq is not None:
        payload.seq = message.seq
    faults = tuple(_faults(message.metrics, payload))
    if faults:
        raise Invalid("; ".join(map(str, faults)), faults=faults)
    encoded: bytes = payload.SerializeToString()
    return encoded


def _faults(metrics: Iterable[Metric], payload: Any) -> Iterable[Fault]:
    for metric in metrics:
        target = payload.metrics.add()
        try:
            _fill(target, metric)
        except (ValueError, TypeError, OverflowError, struct.error) as error:
            name = DataType(metric.datatype).name
            yield Fault(f'"{metric.name}"', f"the value is no {name}: {error}", "mend it in the mapping")


def _fill(target: Any, metric: Metric) -> None:
    if metric.name:
        target.name = metric.name
    if metric.alias is not None:
        target.alias = metric.alias
    if metric.timestamp is not None:
        target.timestamp = metric.timestamp
    if metric.datatype:
        target.datatype = metric.datatype
    if metric.historical:
        target.is_historical = True
    if metric.value is None:
        target.is_null = True
    else:
        _set(target, DataType(metric.datatype), metric.value)


def _set(target: Any, datatype: DataType, value: Value) -> None:
    """Raises ValueError, TypeError or OverflowError where the value does not fit its type."""
    if datatype in SIGNED or datatype in UNSIGNED or datatype is DataType.DateTime:
        raw = _ranged(datatype, value)
        if datatype in _64_BITS:
            target.long_value = raw
        else:
            target.int_value = raw
    elif datatype is DataType.Float:
        target.float_value = _single(as_float(value))
    elif datatype is DataType.Double:
        target.double_value = as_float(value)
    elif datatype is DataType.Boolean:
        target.boolean_value = as_boolean(value)
    elif datatype in TEXTS:
        target.string_value = as_text(value)
    elif datatype in BINARY:
        target.bytes_value = as_bytes(value)
    elif datatype is DataType.DataSet:
        _set_dataset(target.dataset_value, value)
    elif isinstance(value, list):
        target.bytes_value = packed(datatype, value)
    else:
        raise ValueError("it is no list")


def _single(number: float) -> float:
    """Raises OverflowError for what has no room in 32 bits, which protobuf would send as infinity."""
    struct.pack("<f", number)
    return number


def _ranged(datatype: DataType, value: Value) -> int:
    """The number as it travels: two's complement in 32 or 64 bits."""
    if datatype is DataType.DateTime:
        number, lowest, highest = milliseconds(value), 0, 2**64 - 1
    elif datatype in SIGNED:
        half = 1 << (SIGNED[datatype] - 1)
        number, lowest, highest = as_whole(value), -half, half - 1
    else:
        number, lowest, highest = as_whole(value), 0, (1 << UNSIGNED[datatype]) - 1
    if not lowest <= number <= highest:
        raise ValueError(f"it lies outside {lowest} … {highest}")
    return number % (1 << (64 if datatype in _64_BITS else 32))


def _set_dataset(target: Any, value: Value) -> None:
    """From `{columns: [a], types: [Int32], rows: [{a: 1}]}`."""
    if not isinstance(value, dict):
        raise TypeError("it is no object with columns, types and rows")
    columns, types, rows = value.get("columns"), value.get("types"), value.get("rows")
    if not (isinstance(columns, list) and isinstance(types, list) and isinstance(rows, list)):
        raise TypeError("it needs columns, types and rows")
    if len(columns) != len(types):
        raise ValueError(f"{len(columns)} columns have {len(types)} types")
    known = [_column_type(each) for each in types]
    target.num_of_columns = len(columns)
    target.columns.extend(as_text(each) for each in columns)
    target.types.extend(int(each) for each in known)
    for row in rows:
        if not isinstance(row, dict):
            raise TypeError("a row is an object with the columns as names")
        made = target.rows.add()
        for name, datatype in zip(columns, known, strict=True):
            cell = made.elements.add()
            if (each := row.get(as_text(name))) is not None:
                _set(cell, datatype, each)


def _column_type(name: Value) -> DataType:
    found = DataType.__members__.get(as_text(name))
    if found is None or found in BINARY or found not in SENDABLE or found in ARRAYS or found is DataType.DataSet:
        raise ValueError(f"a column cannot have the type {name}")
    return found
