"""What goes with a message beside its body, in AMQP's types and in ours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from math import isfinite

from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.model import Outgoing, Record, Value

PERSISTENT = 2
"""Delivery mode of messages that the broker keeps on disk."""
_LONGEST = 255
"""Bytes of a short string (AMQP 0-9-1, 4.2.5.3)."""
_NAMES = {
    "content_type": "content_type",
    "content_encoding": "content_encoding",
    "correlation_id": "correlation_id",
    "reply_to": "reply_to",
    "type": "message_type",
    "app_id": "app_id",
    "user_id": "user_id",
    "priority": "priority",
}
"""The properties of a message (AMQP 0-9-1, 1.8.1), and what the library calls them."""


def meta_of(queue: str, message: DeliveredMessage) -> Record:
    """`$meta` of a message that was read."""
    properties = message.header.properties
    headers = {str(name): _value(value) for name, value in (properties.headers or {}).items()}
    count = headers.get("x-delivery-count")
    return {
        "queue": queue,
        "exchange": message.exchange or "",
        "routing_key": message.routing_key or "",
        "redelivered": bool(message.redelivered),
        "delivery_count": count if isinstance(count, int) else None,
        "message_id": properties.message_id,
        "timestamp": _value(properties.timestamp),
        "headers": headers,
        "properties": {
            ours: _value(value)
            for ours, theirs in _NAMES.items()
            if (value := getattr(properties, theirs)) is not None and value != ""
        },
    }


def _value(value: object) -> Value:
    """A value of a field table as JSON has it; bytes become hexadecimal digits."""
    if isinstance(value, Mapping):
        return {str(name): _value(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_value(inner) for inner in value]
    if isinstance(value, float):
        return Decimal(repr(value)) if isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str | Decimal) else str(value)


def publish_properties(message: Outgoing, headers: Mapping[str, str]) -> Basic.Properties:
    """What goes with a message; its id is the idempotency key, the same at every attempt."""
    return Basic.Properties(
        content_type=message.content_type or None,
        delivery_mode=PERSISTENT,
        message_id=message.idempotency_key,
        headers=dict(headers) or None,
    )


def require_sendable(**texts: str) -> None:
    """Raises Invalid, with every fault, where exchange, routing key or a header's text is longer than AMQP allows."""
    faults = [
        Fault(name, f"the {name.replace('_', ' ')} {text[:100]!a} has more than {_LONGEST} bytes")
        for name, text in texts.items()
        if len(text.encode(errors="surrogatepass")) > _LONGEST
    ]
    faults += [
        Fault(name, f"the {name.replace('_', ' ')} {text[:100]!a} holds half of a character")
        for name, text in texts.items()
        if any(0xD800 <= ord(character) < 0xE000 for character in text)
    ]
    if faults:
        raise Invalid("; ".join(fault.text for fault in faults), faults=faults)
