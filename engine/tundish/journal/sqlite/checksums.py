"""CRC-32 over everything in a row that never changes; checked whenever the row is read."""

from __future__ import annotations

import struct
from collections.abc import Callable
from zlib import crc32

from tundish.errors import JournalCorrupt

_MESSAGE = struct.Struct("<11q").pack
_DELIVERY = struct.Struct("<4q").pack
_NONE = -1
"""Stands for null among numbers that are never negative."""


def of_message(
    seq: int,
    carrier: int | None,
    position: int,
    version: int,
    fan_out: int | None,
    key: str,
    once: bytes | None,
    received: int,
    accepted: int,
    reference: str | None,
    meta: bytes,
    payload: bytes,
    body: bytes,
) -> int:
    """Over a row of `msg`; the lengths of the parts are part of it."""
    name = key.encode()
    numbers = _MESSAGE(
        seq,
        _NONE if carrier is None else carrier,
        position,
        version,
        _NONE if fan_out is None else fan_out,
        received,
        accepted,
        len(name),
        len(meta),
        len(payload),
        _NONE if once is None else len(once),
    )
    where = b"" if reference is None else reference.encode()
    return crc32(b"".join((numbers, name, once or b"", where, meta, payload, body)))


def of_delivery(route: int, seq: int, destination: int, version: int, key: str) -> int:
    """Over an open delivery, without its state."""
    return crc32(_DELIVERY(route, seq, destination, version) + key.encode())


def of_dead_letter(route: int, seq: int, destination: int, taken: int | None, key: str, text: str) -> int:
    """Over a dead letter; `holds` may change."""
    return crc32(f"{route},{seq},{destination},{taken},{key!r},{text}".encode())


def of_cursor(source: str, value: bytes) -> int:
    """Over a source's position."""
    return crc32(value, crc32(source.encode()))


def verify(expected: object, actual: Callable[[], int], what: str) -> None:
    """Raises JournalCorrupt where a row is not what was written; its columns may not even have their types."""
    try:
        right = actual() == expected
    except (TypeError, ValueError, AttributeError, struct.error):
        right = False
    if not right:
        raise JournalCorrupt(
            f"{what} in the journal does not match its checksum; stop the daemon, copy the folder, check the disk, "
            "then restore a backup or set the journal aside and salvage it"
        )
