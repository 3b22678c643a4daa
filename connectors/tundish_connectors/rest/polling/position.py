"""Where a poller stands, as it is written into the journal together with each page."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

MOST_REMEMBERED = 10_000
"""Records that are known by their digests; of more, the oldest are forgotten, and `once` decides about repeats."""
DIGEST = 16


class At(msgspec.Struct, frozen=True, omit_defaults=True):
    """The page to ask for next; the first one of a poll has only zeros and empty texts."""

    pages: int = 0
    """Pages of this poll that were taken already."""
    offset: int = 0
    """Records of this poll that were taken already."""
    cursor: str = ""
    link: str = ""


class Validator(msgspec.Struct, frozen=True, omit_defaults=True):
    """What lets a system say that nothing has changed (RFC 9110, 13.1)."""

    target: str
    """The request that it belongs to."""
    etag: str = ""
    modified: str = ""


class Position(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that a poller has to know after a crash."""

    watermark: str = ""
    """The value from which the poll under way asks; empty before anything was seen."""
    highest: str = ""
    """The highest value of the poll under way."""
    at: At | None = None
    """Where the poll under way goes on; None between polls."""
    design: bytes = b""
    """Digest of the settings that `at` belongs to."""
    handed_over: tuple[tuple[bytes, str], ...] = ()
    """Digests of records of this poll with their values, so that a repeat is recognised."""
    before: tuple[bytes, ...] = ()
    """Without a watermark: digests of the records of the poll before."""
    validator: Validator | None = None

    def encode(self) -> bytes:
        """The bytes for `Unit.cursor`."""
        return msgspec.msgpack.encode(self)


def position_of(cursor: bytes | None, design: bytes) -> Position:
    """Where to go on. A page is only asked for again with the settings that led to it."""
    if cursor is None:
        return Position(design=design)
    try:
        found = msgspec.msgpack.decode(cursor, type=Position)
    except msgspec.DecodeError:
        return Position(design=design)
    if found.design == design:
        return found
    return msgspec.structs.replace(found, at=None, validator=None, design=design)


def digest_of(encoded: bytes) -> bytes:
    """What a record is recognised by."""
    return blake2b(encoded, digest_size=DIGEST).digest()
