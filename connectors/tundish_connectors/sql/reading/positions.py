"""Values of rows as a cursor keeps them: they come back exactly, with their type. Pure."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from uuid import UUID
from zlib import crc32

from tundish.errors import Misconfigured
from tundish.model import Value
from tundish_connectors.sql.json_text import from_json, to_json

Packed = list[list[str | None]]

FINGERPRINT = 12
"""Bytes by which a row is remembered."""


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


_TYPES: dict[type, tuple[str, Callable[[Any], str], Callable[[str], Any]]] = {
    bool: ("bool", lambda value: str(int(value)), lambda text: bool(int(text))),
    int: ("int", str, int),
    str: ("str", str, str),
    Decimal: ("decimal", str, Decimal),
    float: ("float", float.hex, float.fromhex),
    datetime: ("datetime", datetime.isoformat, _moment),
    date: ("date", date.isoformat, date.fromisoformat),
    time: ("time", time.isoformat, time.fromisoformat),
    UUID: ("uuid", str, UUID),
    bytes: ("bytes", lambda value: base64.b64encode(value).decode(), base64.b64decode),
    bytearray: ("bytes", lambda value: base64.b64encode(value).decode(), base64.b64decode),
}
_READ = {name: read for name, _, read in _TYPES.values()}


def pack(values: Sequence[Any]) -> Packed:
    """Raises Misconfigured for a type that a position cannot have."""
    return [_packed(value) for value in values]


def pack_all(positions: Sequence[Sequence[Any]]) -> list[Packed]:
    """The same for many; those of one column are nearly always of one type."""
    kinds = {type(position[0]) for position in positions if len(position) == 1}
    if len(kinds) != 1 or len(positions[0]) != 1 or (kind := kinds.pop()) not in _TYPES:
        return [pack(position) for position in positions]
    name, write = _TYPES[kind][:2]
    return [[[name, write(value)]] for (value,) in positions]


def _packed(value: Any) -> list[str | None]:
    if value is None:
        return ["null", None]
    known = _TYPES.get(type(value))
    if known is None:
        name = type(value).__name__
        raise Misconfigured(f"a {name} cannot be a position", "choose another column for 'watermark' or 'key'")
    return [known[0], known[1](value)]


def unpack(packed: Sequence[Sequence[str | None]]) -> list[Any]:
    """The values of `pack`."""
    return [None if text is None else _READ[kind or ""](text) for kind, text in packed]


def fingerprint(values: Sequence[Any]) -> bytes:
    """A short name for a row, by its position."""
    return blake2b(to_json(pack(values)).encode(), digest_size=FINGERPRINT).digest()


def digests_of(lines: bytes) -> list[int]:
    """A short digest of each line."""
    # Every row pays for it, and nobody forges rows: so the quickest one will do.
    return list(map(crc32, lines.splitlines()))


def behind(value: Any, overlap: float) -> Any:
    """The value so far behind a watermark; None where there is no such thing, as with texts.

    An `int` overlap goes with numbers, a `float` one, which means seconds, with times.
    """
    if not overlap:
        return None
    try:
        if isinstance(value, datetime):
            return value - timedelta(seconds=overlap) if isinstance(overlap, float) else None
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and isinstance(overlap, int):
            return value - overlap
    except OverflowError:
        return None
    return None


def cursor_of(content: dict[str, Any]) -> bytes:
    """A cursor's bytes."""
    return to_json(content).encode()


def content_of(cursor: bytes | None, owner: str) -> dict[str, Any] | None:
    """What a cursor holds; None where there is none, and where it belongs to other columns (`owner`)."""
    if cursor is None:
        return None
    content: Value = from_json(cursor)
    return content if isinstance(content, dict) and content.get("of") == owner else None
