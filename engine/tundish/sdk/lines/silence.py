"""TCP lines whose peer may vanish: its machine loses power, or a cable is cut, and nothing comes back any more.

Protocols that have no heartbeat cannot tell a peer that vanished from one that takes its time. The kernel can: it asks
the kernel of a quiet peer, which answers however busy its programs are, and it knows what nobody acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakSet


class Silence(NamedTuple):
    """How long a peer may be silent, in seconds."""

    asked_after: int
    """Without a word for so long, it is asked whether it is still there."""
    asked_every: int
    """It is asked again so often."""
    asked_times: int
    """It is asked so many times."""

    @property
    def longest(self) -> int:
        """After so long it is gone."""
        return self.asked_after + self.asked_every * self.asked_times


SILENCE = Silence(asked_after=4, asked_every=2, asked_times=3)
"""Long enough for a switch that fails over, and short enough that everybody hears of it within 15 seconds."""

TENDED_EVERY = 2.0
"""Seconds between two calls of `tend_line`."""

_UNACKNOWLEDGED = "TCP_USER_TIMEOUT"
_OPTIONS = (
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", SILENCE.asked_after),
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL", SILENCE.asked_every),
    (socket.IPPROTO_TCP, "TCP_KEEPCNT", SILENCE.asked_times),
    # While something waits for its acknowledgement nobody is asked, and Linux repeats it for a quarter of an hour.
    (socket.IPPROTO_TCP, _UNACKNOWLEDGED, SILENCE.longest * 1000),
)
_PROBES, _UNACKED = 3, 24
"""Where `struct tcp_info` has what was asked without an answer, and how much is on its way (linux/tcp.h)."""


def watch_line(line: Any) -> None:
    """Let the kernel end a line whose peer is silent for longer than `SILENCE`; whoever waits then gets ETIMEDOUT.

    `line` is a socket, or what has its `setsockopt`, connected or not; lines that it accepts are watched, too. What the
    platform does not have is left out. A peer that lives and takes nothing is silent as well, unless `tend_line` looks.
    """
    for level, name, value in _OPTIONS:
        _set(line, level, name, value)


def tend_line(line: Any) -> None:
    """Spare a watched line whose peer lives and has no room for what waits for it; to be called every `TENDED_EVERY`.

    Linux ends such a line like a dead one, although the peer's kernel answers (tcp(7), TCP_USER_TIMEOUT). So the limit
    holds only while something is on its way: with nothing on its way, nobody can leave it unacknowledged. Does nothing
    for a line that is closed.
    """
    if hasattr(socket, "TCP_INFO"):
        with contextlib.suppress(OSError):
            said = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _UNACKED + 4)
            is_awaited = said[_PROBES] or struct.unpack_from("I", said, _UNACKED)[0]
            _set(line, socket.IPPROTO_TCP, _UNACKNOWLEDGED, SILENCE.longest * 1000 if is_awaited else 0)


class WatchedLines:
    """Makes the lines of a pool, watched and tended. Used inside a running event loop."""

    def __init__(self, every: float = TENDED_EVERY) -> None:
        """They are tended every so many seconds."""
        self._every = every
        self._lines: WeakSet[socket.socket] = WeakSet()
        self._timer: asyncio.TimerHandle | None = None

    def make(self, address: Sequence[Any]) -> socket.socket:
        """A socket, not connected yet, for an address as `getaddrinfo` gives it."""
        family, kind, protocol = address[:3]
        line = socket.socket(family, kind, protocol)
        watch_line(line)
        self._lines.add(line)
        if self._timer is None:
            self._look_again()
        return line

    def close(self) -> None:
        """Tend them no more; may be called twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_again(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._every, self._tend)

    def _tend(self) -> None:
        self._timer = None
        for line in self._lines:
            tend_line(line)
        if self._lines:
            self._look_again()


def _set(line: Any, level: int, name: str, value: int) -> None:
    option = getattr(socket, name, None)
    if option is not None:
        line.setsockopt(level, option, value)
