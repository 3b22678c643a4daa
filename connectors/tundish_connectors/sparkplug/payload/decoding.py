"""From the bytes of a payload to metrics. A metric that cannot be read says so by itself; the others are read."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import DecodeError

from tundish.errors import Invalid
from tundish.model import Record, Value
from tundish_connectors.sparkplug.payload.datatypes import (
    ARRAYS,
    BINARY,
    BY_NUMBER,
    SIGNED,
    TEXTS,
    UNSIGNED,
    DataType,
    exact_double,
    exact_float,
    moment,
    signed,
    type_name,
    unpacked,
)
from tundish_connectors.sparkplug.payload.metrics import Message, Metric
from tundish_connectors.sparkplug.payload.schema import Payload

_COMPRESSED = "SPBV1.0_COMPRESSED"
"""Mark of a payload that holds another one."""
_LARGEST = 64 * 1024 * 1024
"""Bytes of a payload that was compressed; a small one can grow a thousandfold."""
_WINDOW = 47
"""zlib: accepts both of the two methods, DEFLATE and GZIP."""

Born = Callable[[str, int | None], tuple[str, int]]
"""The name and the datatype that a birth gave to a name or an alias; the same name and 0 where it gave none."""


def _nobody(name: str, alias: int | None) -> tuple[str, int]:
    return name, DataType.Unknown


def decode(body: bytes, born: Born = _nobody) -> Message:
    """Read a payload; data may leave out names and datatypes that their birth gave. Raises Invalid."""
    payload = _parse(body)
    if payload.uuid == _COMPRESSED:
        payload = _parse(_decompressed(payload.body))
    return Message(
        tuple(_metric(each, born) for each in payload.metrics),
        payload.timestamp if payload.HasField("timestamp") else None,
        payload.seq if payload.HasField("seq") else None,
    )


def _parse(body: bytes) -> Any:
    try:
        return Payload.FromString(body)
    except DecodeError as error:
        raise Invalid(f"this is no payload of Sparkplug B: {error}") from error


def _decompressed(body: bytes) -> bytes:
    inflater = zlib.decompressobj(_WINDOW)
    try:
        found = inflater.decompress(body, _LARGEST)
    except zlib.error as error:
        raise Invalid(f"the payload cannot be decompressed: {error}") from error
    if inflater.unconsumed_tail:
        raise Invalid(f"the payload has more than {_LARGEST} bytes when it is decompressed")
    if not inflater.eof:
        raise Invalid("the compressed payload is cut short")
    return found


def _metric(source: Any, born: Born) -> Metric:
    alias = source.alias if source.HasField("alias") else None
    name, datatype = born(source.name, alias)
    datatype = source.datatype or datatype
    value, fault = _value_or_fault(datatype, source)
    return Metric(
        name=name,
        datatype=datatype,
        value=value,
        alias=alias,
        timestamp=source.timestamp if source.HasField("timestamp") else None,
        historical=source.is_historical,
        transient=source.is_transient,
        properties=_properties(source.properties) if source.HasField("properties") else _NOTHING,
        metadata=_metadata(source.metadata) if source.HasField("metadata") else _NOTHING,
        fault=fault,
    )


def _value_or_fault(datatype: int, source: Any) -> tuple[Value, str]:
    kind = source.WhichOneof("value")
    if source.is_null or kind is None:
        return None, ""
    try:
        return _value(datatype, kind, getattr(source, kind)), ""
    except (ValueError, TypeError, KeyError) as error:
        return None, f"the value cannot be read as {type_name(datatype)}: {error}"


def _value(datatype: int, kind: str, raw: Any) -> Value:
    """Raises ValueError where the value does not fit its type."""
    if kind in _READ_ALWAYS:
        return _READ_ALWAYS[kind](raw)
    if datatype == DataType.Unknown:
        return _READ_UNTYPED[kind](raw)
    declared = BY_NUMBER.get(datatype)
    if declared is None:
        raise ValueError("nobody knows this datatype")
    if kind not in _TRAVELS_AS[declared]:
        raise ValueError(f"it travelled as {kind}")
    if declared in SIGNED:
        return signed(raw, SIGNED[declared])
    if declared is DataType.DateTime:
        return moment(raw)
    if declared in _PACKED:
        return unpacked(declared, raw)
    return _READ_UNTYPED[kind](raw)


def _dataset(source: Any) -> Record:
    columns, types = list(source.columns), list(source.types)
    if len(columns) != len(types):
        raise ValueError(f"{len(columns)} columns have {len(types)} types")
    if len(set(columns)) != len(columns):
        raise ValueError("two columns have the same name")
    rows: list[Value] = []
    for number, row in enumerate(source.rows):
        if len(row.elements) != len(columns):
            raise ValueError(f"row {number} has {len(row.elements)} values for {len(columns)} columns")
        rows.append({name: _cell(types[at], row.elements[at]) for at, name in enumerate(columns)})
    return {"columns": columns, "types": [type_name(each) for each in types], "rows": rows}


def _cell(datatype: int, source: Any) -> Value:
    kind = source.WhichOneof("value")
    return None if kind is None else _value(datatype, kind, getattr(source, kind))


def _template(source: Any) -> Record:
    metrics = [_metric(each, _nobody).record() for each in source.metrics]
    parameters: Record = {}
    for each in source.parameters:
        parameters[each.name] = _cell(each.type, each)
    return {
        "template": source.template_ref or None,
        "version": source.version or None,
        "is_definition": source.is_definition,
        "parameters": parameters,
        "metrics": list[Value](metrics),
    }


def _metadata(source: Any) -> Record:
    return {field.name: value for field, value in source.ListFields()}


def _properties(source: Any) -> Record:
    """Names and values; a value that cannot be read is null, because no metric is worth less for it."""
    found: Record = {}
    for name, value in zip(source.keys, source.values, strict=False):
        found[name], _ = (None, "") if value.is_null else _value_or_fault(value.type, value)
    return found


_NOTHING: Mapping[str, Value] = {}
_READ_ALWAYS: Mapping[str, Callable[[Any], Value]] = {
    "dataset_value": _dataset,
    "template_value": _template,
    "propertyset_value": _properties,
    "propertysets_value": lambda source: [_properties(each) for each in source.propertyset],
}
_READ_UNTYPED: Mapping[str, Callable[[Any], Value]] = {
    "int_value": int,
    "long_value": int,
    "float_value": exact_float,
    "double_value": exact_double,
    "boolean_value": bool,
    "string_value": str,
    "bytes_value": lambda raw: base64.b64encode(raw).decode(),
}
_PACKED = frozenset({*ARRAYS, DataType.BooleanArray, DataType.StringArray})
_WHOLE = frozenset({"int_value", "long_value"})
# Senders do not agree in which of the two a whole number travels, and both are exact.
_TRAVELS_AS: Mapping[DataType, frozenset[str]] = {
    **dict.fromkeys([*SIGNED, *UNSIGNED, DataType.DateTime], _WHOLE),
    DataType.Float: frozenset({"float_value"}),
    DataType.Double: frozenset({"double_value", "float_value"}),
    DataType.Boolean: frozenset({"boolean_value"}),
    **dict.fromkeys(TEXTS, frozenset({"string_value"})),
    **dict.fromkeys([*BINARY, *_PACKED], frozenset({"bytes_value"})),
    **dict.fromkeys([DataType.DataSet, DataType.Template, DataType.PropertySet, DataType.PropertySetList], frozenset()),
}
