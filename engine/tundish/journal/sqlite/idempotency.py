"""Idempotency keys: readable in a destination's log, and enough to find the receipt without an index of its own."""

from __future__ import annotations

from dataclasses import dataclass

from tundish.journal.contract import StoredMessage


@dataclass(frozen=True, slots=True)
class KeyParts:
    """What a key says."""

    route: str
    destination: str
    once: bytes | None
    seq: int
    """0 where `once` tells which message it is."""


def key_of(identity: str, message: StoredMessage, destination: str) -> str:
    """`route:destination:` and the `once` digest, or the journal's random name with the sequence number.

    With `once` the key survives even the loss of the journal; without, it is never that of another message.
    """
    what = message.once.hex() if message.once is not None else f"{identity}-{message.seq}"
    return f"{message.route}:{destination}:{what}"


def parse_key(identity: str, key: str) -> KeyParts | None:
    """None for a key that this journal did not make."""
    route, _, rest = key.partition(":")
    destination, _, what = rest.rpartition(":")
    name, dash, number = what.partition("-")
    if dash:
        return KeyParts(route, destination, None, int(number)) if name == identity and number.isdecimal() else None
    try:
        return KeyParts(route, destination, bytes.fromhex(what), 0)
    except ValueError:
        return None
