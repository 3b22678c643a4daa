"""The datatypes of Sparkplug B (3.0, section 6.4.16), and what their values look like as exact data. Pure."""

from __future__ import annotations

import base64
import math
import struct
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import IntEnum

from tundish.model import Value


class DataType(IntEnum):
    """Numbers as they travel; the names are those of the specification."""

    Unknown = 0
    Int8 = 1
    Int16 = 2
    Int32 = 3
    Int64 = 4
    UInt8 = 5
    UInt16 = 6
    UInt32 = 7
    UInt64 = 8
    Float = 9
    Double = 10
    Boolean = 11
    String = 12
    DateTime = 13
    Text = 14
    UUID = 15
    DataSet = 16
    Bytes = 17
    File = 18
    Template = 19
    PropertySet = 20
    PropertySetList = 21
    Int8Array = 22
    Int16Array = 23
    Int32Array = 24
    Int64Array = 25
    UInt8Array = 26
    UInt16Array = 27
    UInt32Array = 28
    UInt64Array = 29
    FloatArray = 30
    DoubleArray = 31
    BooleanArray = 32
    StringArray = 33
    DateTimeArray = 34


BY_NUMBER = {int(each): each for each in DataType}
"""Faster than asking the class, and metrics come by the hundred thousand."""
SIGNED = {DataType.Int8: 8, DataType.Int16: 16, DataType.Int32: 32, DataType.Int64: 64}
"""Bits of the whole numbers that may be negative."""
UNSIGNED = {DataType.UInt8: 8, DataType.UInt16: 16, DataType.UInt32: 32, DataType.UInt64: 64}
"""Bits of those that may not."""
TEXTS = frozenset({DataType.String, DataType.Text, DataType.UUID})
BINARY = frozenset({DataType.Bytes, DataType.File})
ARRAYS = {
    DataType.Int8Array: ("b", DataType.Int8),
    DataType.Int16Array: ("h", DataType.Int16),
    DataType.Int32Array: ("i", DataType.Int32),
    DataType.Int64Array: ("q", DataType.Int64),
    DataType.UInt8Array: ("B", DataType.UInt8),
    DataType.UInt16Array: ("H", DataType.UInt16),
    DataType.UInt32Array: ("I", DataType.UInt32),
    DataType.UInt64Array: ("Q", DataType.UInt64),
    DataType.FloatArray: ("f", DataType.Float),
    DataType.DoubleArray: ("d", DataType.Double),
    DataType.DateTimeArray: ("Q", DataType.DateTime),
}
"""Letter of `struct` and type of the elements of an array; they are packed with the low byte first."""

_NAMES = {each.value: each.name for each in DataType}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def type_name(number: int) -> str:
    """The name of a datatype; of one that the specification does not know, its number."""
    return _NAMES.get(number) or str(number)


def signed(raw: int, bits: int) -> int:
    """A number that travelled as two's complement. Senders differ in how many bits they fill."""
    raw &= (1 << bits) - 1
    return raw - (1 << bits) if raw >> (bits - 1) else raw


def exact_float(value: float) -> Decimal:
    """The shortest number that is this one of 32 bits: 0.1, and not 0.10000000149011612. Raises ValueError."""
    _require_number(value)
    for digits in range(6, 10):
        text = f"{value:.{digits}g}"
        if struct.unpack("<f", struct.pack("<f", float(text)))[0] == value:
            return Decimal(text)
    return Decimal(value)


def exact_double(value: float) -> Decimal:
    """The shortest number that is this one of 64 bits. Raises ValueError."""
    _require_number(value)
    return Decimal(repr(value))


def _require_number(value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number")


def moment(milliseconds: int) -> Value:
    """RFC 3339 in UTC; the number itself where it lies beyond the year 9999."""
    try:
        at = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return milliseconds
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(value: Value) -> int:
    """Unix milliseconds of an RFC 3339 text with an offset, or that number itself. Raises ValueError or TypeError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise TypeError("it is neither a time (RFC 3339) nor a number of milliseconds")
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("the time has no offset")
    return (at - _EPOCH) // timedelta(milliseconds=1)


def unpacked(datatype: DataType, packed: bytes) -> list[Value]:
    """The elements of an array. Raises ValueError where the bytes do not fit."""
    if datatype is DataType.StringArray:
        if packed and not packed.endswith(b"\0"):
            raise ValueError("the last text has no end")
        return [text.decode() for text in packed.split(b"\0")[:-1]]
    if datatype is DataType.BooleanArray:
        return _unpacked_booleans(packed)
    letter, element = ARRAYS[datatype]
    try:
        found = [each for (each,) in struct.iter_unpack(f"<{letter}", packed)]
    except struct.error:
        raise ValueError(f"{len(packed)} bytes are no whole number of elements") from None
    return [_element(element, each) for each in found]


def _element(datatype: DataType, raw: float) -> Value:
    if datatype is DataType.Float:
        return exact_float(raw)
    if datatype is DataType.Double:
        return exact_double(raw)
    return moment(int(raw)) if datatype is DataType.DateTime else int(raw)


def _unpacked_booleans(packed: bytes) -> list[Value]:
    """A count of four bytes, and then one bit each, the highest first."""
    if len(packed) < 4:
        raise ValueError("the count is cut short")
    count = int.from_bytes(packed[:4], "little")
    bits = packed[4:]
    if len(bits) * 8 < count:
        raise ValueError(f"{len(bits)} bytes hold no {count} values")
    return [bool(bits[index // 8] & (0x80 >> index % 8)) for index in range(count)]


def packed(datatype: DataType, values: list[Value]) -> bytes:
    """The bytes of an array. Raises ValueError or struct.error where an element does not fit."""
    if datatype is DataType.StringArray:
        texts = [as_text(each).encode() for each in values]
        if any(b"\0" in text for text in texts):
            raise ValueError("a text holds a NUL")
        return b"".join(text + b"\0" for text in texts)
    if datatype is DataType.BooleanArray:
        bits = bytearray((len(values) + 7) // 8)
        for index, each in enumerate(values):
            bits[index // 8] |= as_boolean(each) * (0x80 >> index % 8)
        return len(values).to_bytes(4, "little") + bytes(bits)
    letter, element = ARRAYS[datatype]
    if element is DataType.DateTime:
        return struct.pack(f"<{len(values)}{letter}", *map(milliseconds, values))
    if element in {DataType.Float, DataType.Double}:
        return struct.pack(f"<{len(values)}{letter}", *map(as_float, values))
    return struct.pack(f"<{len(values)}{letter}", *map(as_whole, values))


def as_whole(value: Value) -> int:
    """A whole number. Raises ValueError."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("it is no whole number")


def as_float(value: Value) -> float:
    """A number of the machine. Raises ValueError."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return float(value)
    raise ValueError("it is no number")


def as_text(value: Value) -> str:
    """A text. Raises ValueError."""
    if isinstance(value, str):
        return value
    raise ValueError("it is no text")


def as_boolean(value: Value) -> bool:
    """A truth value. Raises ValueError."""
    if isinstance(value, bool):
        return value
    raise ValueError("it is neither true nor false")


def as_bytes(value: Value) -> bytes:
    """Bytes that travel as Base64 in JSON. Raises ValueError."""
    return base64.b64decode(as_text(value), validate=True)
