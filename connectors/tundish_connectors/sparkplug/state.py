"""What a host application says about itself: the STATE message (3.0, section 6.4.25). Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostState:
    """Whether a host application is online."""

    online: bool
    timestamp: int
    """Unix milliseconds of its connection; its will has the same, so that a late will harms nobody."""

    def encode(self) -> bytes:
        """As it travels."""
        return json.dumps({"online": self.online, "timestamp": self.timestamp}).encode()


def read_state(payload: bytes) -> HostState | None:
    """None where it is no such message; what a host of version 2 says is one without a timestamp."""
    if payload in {b"ONLINE", b"OFFLINE"}:
        return HostState(payload == b"ONLINE", 0)
    try:
        said = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    online, timestamp = said.get("online"), said.get("timestamp")
    if not isinstance(online, bool) or not isinstance(timestamp, int) or isinstance(timestamp, bool):
        return None
    return HostState(online, timestamp)


def newer(known: HostState | None, said: HostState) -> HostState:
    """Which of two to believe: a late word of an earlier connection says nothing any more."""
    return said if known is None or said.timestamp >= known.timestamp else known
