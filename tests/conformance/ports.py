"""Free ports of this machine."""

from __future__ import annotations

import asyncio
import socket

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind((LOOPBACK, 0))
        return int(sock.getsockname()[1])


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
