"""Free ports of this machine."""

from __future__ import annotations

import asyncio
import random
import socket

LOOPBACK = "127.0.0.1"

_CHOICE = range(15_000, 32_000)
"""Below those from which the system takes the ports of outgoing connections: one of these would come between."""
_chance = random.SystemRandom()
_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on, and that this process was not given before."""
    while True:
        port = _chance.choice(_CHOICE)
        if port in _given:
            continue
        with socket.socket() as sock:
            try:
                sock.bind((LOOPBACK, port))
            except OSError:
                continue
        _given.add(port)
        return port


async def listening(port: int, within: float = 10.0) -> None:
    """Wait until somebody listens. Raises TimeoutError."""
    async with asyncio.timeout(within):
        while True:
            try:
                _, writer = await asyncio.open_connection(LOOPBACK, port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return
