"""What is agreed with a broker when a connection begins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

_LETTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class RetainHandling(IntEnum):
    """Which retained messages a subscription brings (MQTT 5.0, 3.8.3.1)."""

    ALWAYS = 0
    WHEN_NEW = 1
    NEVER = 2


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes for us when we are gone without a farewell."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True


@dataclass(frozen=True, slots=True)
class Greeting:
    """What we ask a broker for when we connect."""

    keep: bool = False
    """Hold subscriptions and messages for us while we are away."""
    expiry: float = 0.0
    """For so many seconds; before MQTT 5 the broker alone decides."""
    receive_maximum: int = 65535
    """How many messages may wait for our acknowledgement; before MQTT 5 the broker alone decides."""
    will: Will | None = None


def client_id_of(prefix: str, component: str) -> str:
    """The name by which a broker knows a component (`route/from`), the same in every life."""
    return f"{prefix}-" + "".join(character if character in _LETTERS else "-" for character in component)
