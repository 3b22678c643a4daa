"""What the reason codes of MQTT 5.0 (2.4) mean for us. paho translates those of 3.1.1 into them. Pure."""

from __future__ import annotations

from tundish.errors import AuthFailed, DeliveryError, Misconfigured, NotConnected, Rejected, Transient, TundishError

NO_MATCHING_SUBSCRIBERS = 0x10
SESSION_TAKEN_OVER = 0x8E

_CREDENTIALS = {0x86, 0x87, 0x8A, 0x8C}
"""Bad user name or password, not authorized, banned, bad authentication method."""
_SETTINGS = {0x84, 0x85, 0x8F, 0x9A, 0x9B, 0x9E, 0xA1, 0xA2}
"""Protocol version, client identifier, topic filter, retain, quality of service or subscription not supported."""
_MESSAGE = {0x90, 0x95, 0x99, 0x9A, 0x9B}
"""Topic name, packet too large, payload format; retain or quality of service not supported."""


def refused(what: str, code: int, name: str) -> TundishError:
    """Why the broker refused to connect or to subscribe; `what` names that in words."""
    text = f"{what} was refused: {name} (0x{code:02X})"
    if code in _CREDENTIALS:
        return AuthFailed(f"{text}; look at the user's password and rights on the broker")
    if code in _SETTINGS:
        return Misconfigured(text)
    return NotConnected(text)


def not_published(topic: str, code: int, name: str) -> DeliveryError:
    """Why the broker did not take a message."""
    text = f"the broker refused the message on '{topic}': {name} (0x{code:02X})"
    if code in _CREDENTIALS:
        return AuthFailed(text)
    if code in _MESSAGE:
        return Rejected(text)
    return Transient(text)


def dropped(code: int, name: str, client_id: str) -> NotConnected:
    """Why a connection ended that had been made."""
    if code == SESSION_TAKEN_OVER:
        return NotConnected(
            f"another client connected as '{client_id}'; give one of the two connections another 'client_id'"
        )
    return NotConnected(f"the connection to the broker ended: {name}")
