"""What a destination is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from tundish.model.record import Value


class Outgoing(Struct, frozen=True):
    """One delivery of one message, ready to send."""

    id: int
    """The message's sequence number."""
    key: str
    """The business key that orders it."""
    idempotency_key: str
    """Stable over every attempt and every restart; connectors send it where their protocol has room for it."""
    record: Value
    """The body as data."""
    body: bytes
    """The body as the route's format encoded it."""
    content_type: str
    scope: Mapping[str, object]
    """What templates in the destination's settings see: the message's fields, `meta`, `plant`, `vars`, `body`, `id`."""
    attempt: int = 1


class Receipt(Struct, frozen=True):
    """The destination has the message."""

    remote_id: str = ""
    """What the destination calls it, where it told."""
    detail: str = ""
    """What the destination answered, shortened."""
    facts: Mapping[str, Value] = field(default_factory=dict)
    """The answer as data (`status`, `headers`, `body`), for expressions such as `done_if`."""
