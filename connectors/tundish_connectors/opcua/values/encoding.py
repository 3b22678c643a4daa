"""Makes values of OPC UA from JSON, by the type that a node or an argument has. Nothing is rounded or cut silently."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_type_hints
from uuid import UUID

from asyncua import ua

from tundish.errors import Invalid
from tundish.model import Value

_INTEGERS = {
    "SByte": (-(1 << 7), (1 << 7) - 1),
    "Byte": (0, (1 << 8) - 1),
    "Int16": (-(1 << 15), (1 << 15) - 1),
    "UInt16": (0, (1 << 16) - 1),
    "Int32": (-(1 << 31), (1 << 31) - 1),
    "UInt32": (0, (1 << 32) - 1),
    "Int64": (-(1 << 63), (1 << 63) - 1),
    "UInt64": (0, (1 << 64) - 1),
}
_LARGEST_FLOAT = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]


def _wrong(value: object, type_: str, hint: str = "") -> Invalid:
    shown = repr(value)[:80]
    return Invalid(f"{shown} is no {type_}{f'; {hint}' if hint else ''}")


def _integer(value: Value, type_: str) -> int:
    least, most = _INTEGERS[type_]
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise _wrong(value, type_, "write a whole number")
    if not least <= value <= most:
        raise _wrong(value, type_, f"it takes {least} to {most}")
    return int(value)


def _real(value: Value, type_: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _wrong(value, type_, "write a number")
    number = float(value)
    if type_ == "Float" and abs(number) > _LARGEST_FLOAT:
        raise _wrong(value, type_, "it is too large")
    return number


def _boolean(value: Value, type_: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, type_, "write true or false")
    return value


def _text(value: Value, type_: str) -> str:
    if not isinstance(value, str):
        raise _wrong(value, type_, "write a text")
    return value


def _moment(value: Value, type_: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value, type_))
    except ValueError as error:
        raise _wrong(value, type_, "write e.g. 2026-03-02T14:05:00Z") from error
    if moment.tzinfo is None:
        raise _wrong(value, type_, "it has no zone")
    return moment


def _bytes(value: Value, type_: str) -> bytes:
    try:
        return base64.b64decode(_text(value, type_), validate=True)
    except binascii.Error as error:
        raise _wrong(value, type_, "write base64") from error


def _guid(value: Value, type_: str) -> UUID:
    try:
        return UUID(_text(value, type_))
    except ValueError as error:
        raise _wrong(value, type_) from error


def _node(value: Value, type_: str) -> ua.NodeId:
    try:
        return ua.NodeId.from_string(_text(value, type_))
    except (ua.uaerrors.UaError, ValueError) as error:
        raise _wrong(value, type_, "write e.g. ns=2;s=Scale") from error


_SCALARS: dict[str, Callable[[Value, str], Any]] = {
    **dict.fromkeys(_INTEGERS, _integer),
    "Float": _real,
    "Double": _real,
    "Boolean": _boolean,
    "String": _text,
    "XmlElement": lambda value, type_: ua.XmlElement(_text(value, type_)),
    "DateTime": _moment,
    "ByteString": _bytes,
    "Guid": _guid,
    "NodeId": _node,
    "LocalizedText": lambda value, type_: ua.LocalizedText(_text(value, type_)),
    "QualifiedName": lambda value, type_: ua.QualifiedName.from_string(_text(value, type_)),
    "StatusCode": lambda value, type_: ua.StatusCode(_text(value, type_)),
}


def encode_scalar(value: Value, type_: str) -> Any:
    """One value of a built-in type. Raises Invalid."""
    make = _SCALARS.get(type_)
    if make is None:
        raise Invalid(f"values of the type {type_} cannot be written")
    return make(value, type_)


def encode_variant(value: Value, type_: ua.VariantType, *, is_array: bool, structure: Any = None) -> ua.Variant:
    """What is sent. `structure` is asyncua's class of an ExtensionObject. Raises Invalid, with the reason."""

    def one(inner: Value) -> Any:
        if type_ == ua.VariantType.ExtensionObject:
            return encode_structure(inner, structure)
        return encode_scalar(inner, type_.name)

    if value is None:
        return ua.Variant(None, type_, is_array=is_array)
    if is_array != isinstance(value, list):
        raise _wrong(value, f"{'list' if is_array else 'single value'} of {type_.name}")
    made = [one(inner) for inner in value] if isinstance(value, list) else one(value)
    return ua.Variant(made, type_, is_array=is_array)


def encode_structure(value: Value, kind: Any) -> Any:
    """A structure from an object with exactly its fields. Raises Invalid."""
    if kind is None or not is_dataclass(kind):
        raise Invalid("the server describes no such structure; set 'structures: true' on the connection")
    if not isinstance(value, dict):
        raise _wrong(value, getattr(kind, "__name__", "structure"), "write an object with its fields")
    make: Any = kind
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind) if field.name != "Encoding"]
    if unknown := set(value) - set(names):
        raise Invalid(f"{make.__name__} has no field '{min(unknown)}', only {', '.join(names)}")
    if absent := set(names) - set(value):
        raise Invalid(f"{make.__name__} lacks its field '{min(absent)}'")
    return make(**{name: _field(value[name], hints[name]) for name in names})


def _field(value: Value, hint: Any) -> Any:
    options = [each for each in get_args(hint) if each is not type(None)]
    if isinstance(value, list):
        (inner, *_) = options or (Any,)
        inner = (get_args(inner) or (inner,))[0] if get_args(inner) else inner
        return [_field(each, inner) for each in value]
    kind = options[0] if options else hint
    if value is None:
        return None
    if is_dataclass(kind) and kind not in {ua.LocalizedText, ua.QualifiedName, ua.NodeId, ua.StatusCode}:
        return encode_structure(value, kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(_integer(value, "Int32"))
    name = getattr(kind, "__name__", str(kind))
    return encode_scalar(value, {"CharArray": "String", "bytes": "ByteString", "datetime": "DateTime"}.get(name, name))
