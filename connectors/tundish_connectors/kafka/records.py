"""What a record has beside its value. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.model import Record

TOMBSTONE = b"null"
"""The body of a record without a value: it says that what had its key is deleted."""
_TOPIC = re.compile(r"(?!\.{1,2}$)[0-9A-Za-z._-]{1,249}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = {0: "created", 1: "appended"}
"""What the timestamp of a record means (Kafka protocol, record batch, attributes)."""


class Consumed(Protocol):
    """A record as aiokafka hands it over."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: Iterable[tuple[str, bytes | None]]


def meta_of(found: Consumed) -> Record:
    """`$meta` of a record."""
    return {
        "topic": found.topic,
        "partition": found.partition,
        "offset": found.offset,
        "key": None if found.key is None else text_of(found.key),
        "timestamp": time_of(found.timestamp),
        "timestamp_type": _KINDS.get(found.timestamp_type),
        "tombstone": found.value is None,
        "headers": {name: None if value is None else text_of(value) for name, value in found.headers},
    }


def text_of(data: bytes) -> str:
    """Bytes as text; those that are no UTF-8 as hexadecimal digits."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.hex()


def time_of(milliseconds: int) -> str | None:
    """RFC 3339; None where a record has no time, or one beyond the calendar."""
    if milliseconds < 0:
        return None
    try:
        return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03d}+00:00"
    except OverflowError:
        return None


@lru_cache(64)
def _second(seconds: int) -> str:
    """Records that come together are of a few seconds."""
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"


def require_writable(topic: str, texts: Mapping[str, str]) -> None:
    """Raises Invalid, with every fault, where a topic, key or header that was built from data cannot be written."""
    faults = []
    if _TOPIC.fullmatch(topic) is None:
        faults.append(Fault("topic", f"{topic[:100]!a} is no name of a topic"))
    faults += [
        Fault(name, f"the {name} {text[:100]!a} holds half of a character")
        for name, text in texts.items()
        if any(0xD800 <= ord(character) < 0xE000 for character in text)
    ]
    if faults:
        raise Invalid("; ".join(fault.text for fault in faults), faults=faults)
