"""What a value of OPC UA is in JSON. Pure.

Numbers keep every digit and gain none: a Double is written with the fewest digits that read back as the same Double,
a Float with the fewest that read back as the same Float (`0.1`, where others write 0.10000000149011612).
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from asyncua import ua

from tundish.model import Value

Plain: TypeAlias = Any
"""JSON, with `float` for numbers whose shortest digits are meant."""

_FLOAT = struct.Struct("<f")
_NOT_FINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode_lines(records: Iterable[Mapping[str, Plain]]) -> bytes:
    """One line of JSON for each record."""
    return b"\n".join(_ENCODER.encode(record) for record in records)


def encode(value: Plain) -> bytes:
    """JSON."""
    return _ENCODER.encode(value)


def time_text(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the microsecond where there is one. The first and the last year that OPC UA can say stand
    for no time (Part 6, 5.2.2.5)."""
    if moment is None or moment.year <= 1601 or moment.year >= 9999:
        return None
    return aware(moment).astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def aware(moment: datetime) -> datetime:
    """The moment with its zone; OPC UA knows UTC alone."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def shortest_float(value: float) -> float:
    """The number with the fewest digits that is the same 32-bit Float."""
    if not math.isfinite(value):
        return value
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        if _FLOAT.pack(short) == _FLOAT.pack(value):
            return short
    return float(f"{value:.9g}")


def _number(value: float) -> Plain:
    # JSON has no such numbers; text says which one it was, and cannot be taken for a measured value.
    return value if math.isfinite(value) else _NOT_FINITE.get(value, "NaN")


def _float(value: float) -> Plain:
    return _number(shortest_float(value))


def _bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _structure(value: Any) -> Plain:
    if isinstance(value, ua.ExtensionObject):
        return {"type_id": node_text(value.TypeId), "body": _bytes(value.Body or b"")}
    return plain_object(value)


def _data_value(value: ua.DataValue) -> Plain:
    status = value.StatusCode
    return {"value": plain_variant(value.Value), "status": status_text(status)}


@lru_cache(maxsize=4096)
def node_text(node: ua.NodeId) -> str:
    """A NodeId as people write it."""
    return str(node.to_string())


@lru_cache(maxsize=1024)
def _status_text(code: int) -> str:
    # The low half holds flags, such as the overflow bit; the name is that of the high half (OPC UA Part 4, 7.39).
    return str(ua.StatusCode(code & 0xFFFF0000).name)


def status_text(status: ua.StatusCode | None) -> str:
    """`Good`, `BadSensorFailure` …, without flags."""
    return "Good" if status is None else _status_text(status.value)


_PLAIN: dict[ua.VariantType, Callable[[Any], Plain]] = {
    ua.VariantType.Boolean: bool,
    ua.VariantType.Float: _float,
    ua.VariantType.Double: _number,
    ua.VariantType.DateTime: time_text,
    ua.VariantType.Guid: str,
    ua.VariantType.ByteString: _bytes,
    ua.VariantType.XmlElement: lambda value: value.Value if hasattr(value, "Value") else str(value),
    ua.VariantType.NodeId: node_text,
    ua.VariantType.ExpandedNodeId: node_text,
    ua.VariantType.StatusCode: status_text,
    ua.VariantType.QualifiedName: lambda value: f"{value.NamespaceIndex}:{value.Name}",
    ua.VariantType.LocalizedText: lambda value: value.Text,
    ua.VariantType.ExtensionObject: _structure,
    ua.VariantType.DataValue: _data_value,
    ua.VariantType.Variant: lambda value: plain_variant(value),  # noqa: PLW0108 - it is defined below
}
"""How a scalar of each type is written; integers and texts are themselves."""


def plain_variant(variant: ua.Variant | None) -> Plain:
    """The value in JSON: arrays as lists, matrices as lists of lists, structures as objects."""
    if variant is None or variant.Value is None:
        return None
    write = _PLAIN.get(variant.VariantType)
    value = variant.Value
    if not isinstance(value, list):
        return value if write is None else write(value)
    flat = [None if each is None else each if write is None else write(each) for each in value]
    dimensions = list(variant.Dimensions or ())
    return _folded(flat, dimensions) if len(dimensions) > 1 else flat


def _folded(flat: list[Plain], dimensions: list[int]) -> list[Plain]:
    for size in reversed(dimensions[1:]):
        flat = [flat[start : start + size] for start in range(0, len(flat), size)] if size else []
    return flat


def plain_object(value: Any) -> Plain:
    """A structure, or a part of one, by the types that its fields are declared with."""
    if value is None or isinstance(value, str | bool):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return _plain_dataclass(value)
    if isinstance(value, list | tuple):
        return [plain_object(each) for each in value]
    return next((write(value) for kind, write in _SIMPLE if isinstance(value, kind)), str(value))


_SIMPLE: tuple[tuple[type, Callable[[Any], Plain]], ...] = (
    (Enum, lambda each: each.value),
    (float, _number),
    (int, int),
    (bytes, _bytes),
    (datetime, time_text),
    (UUID, str),
)


def _plain_dataclass(value: Any) -> Plain:
    if isinstance(value, ua.Variant):
        return plain_variant(value)
    for kind, type_ in _WRAPPED:
        if isinstance(value, kind):
            return _PLAIN[type_](value)
    made_of: Any = type(value)
    floats = _float_fields(made_of)
    inner = {field.name: getattr(value, field.name) for field in fields(value) if field.name != "Encoding"}
    return {name: _floats(each) if name in floats else plain_object(each) for name, each in inner.items()}


def _floats(value: Any) -> Plain:
    if isinstance(value, list):
        return [_floats(each) for each in value]
    return _float(value) if isinstance(value, float) else plain_object(value)


@lru_cache(maxsize=1000)
def _float_fields(kind: Any) -> frozenset[str]:
    """The fields of a structure that are 32-bit Floats: Python makes no difference between them and Doubles."""
    return frozenset(field.name for field in fields(kind) if "Float" in str(field.type))


_WRAPPED: tuple[tuple[type, ua.VariantType], ...] = (
    (ua.NodeId, ua.VariantType.NodeId),
    (ua.StatusCode, ua.VariantType.StatusCode),
    (ua.QualifiedName, ua.VariantType.QualifiedName),
    (ua.LocalizedText, ua.VariantType.LocalizedText),
    (ua.DataValue, ua.VariantType.DataValue),
    (ua.ExtensionObject, ua.VariantType.ExtensionObject),
)


@lru_cache(maxsize=64)
def type_text(type_: ua.VariantType) -> str:
    """`Double`, `Int32` …"""
    return type_.name if isinstance(type_, ua.VariantType) else "ExtensionObject"


OVERFLOW = 0x480
"""The bits of a status that say: values were dropped here because the queue was too short (OPC UA Part 4, 7.39.1)."""


def overflowed(status: ua.StatusCode | None) -> bool:
    """Whether the server dropped values beside this one."""
    return status is not None and status.value & OVERFLOW == OVERFLOW


def exact(value: Plain) -> Decimal | None:
    """A number exactly as it is written; None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def exactly(value: Any) -> Value:
    """JSON with exact numbers."""
    if isinstance(value, dict):
        return {name: exactly(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [exactly(inner) for inner in value]
    found: Value = exact(value) if isinstance(value, float) else value
    return found
