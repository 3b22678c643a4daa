"""The control socket: one JSON object per line asks, one JSON object per line answers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tundish.errors import TundishError
from tundish.runtime.control.address import MOST_BYTES, SOCKET, short_path
from tundish.runtime.supervisor import Supervisor
from tundish.sdk import Logger

Answer = dict[str, Any]
Handle = Callable[[str, Answer], Awaitable[Answer]]
"""Does a command with its arguments. Raises TundishError for what cannot be done, ValueError for wrong arguments."""


class ControlServer:
    """Listens at `control.sock` in the data folder; whoever may read the folder may command the daemon."""

    def __init__(self, data: Path, handle: Handle, supervisor: Supervisor, log: Logger) -> None:
        self._data = data
        self._handle = handle
        self._scope = supervisor.scope("control")
        self._log = log
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen. The journal's lock was taken before, so a socket that is there belongs to nobody."""
        (self._data / SOCKET).unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        with short_path(self._data) as path:
            listening.bind(path)
        (self._data / SOCKET).chmod(0o600)
        self._server = await asyncio.start_unix_server(self._connected, sock=listening, limit=MOST_BYTES)

    async def close(self) -> None:
        """Stop listening; a half-done conversation ends."""
        if self._server is not None:
            self._server.close()
            (self._data / SOCKET).unlink(missing_ok=True)
        await self._scope.stop(1.0)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._scope.start(self._converse(reader, writer), name="conversation")

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line), default=str).encode() + b"\n")
                await writer.drain()

    async def _answer(self, line: bytes) -> Answer:
        try:
            asked = json.loads(line)
            command = asked.pop("command")
            return await self._handle(command, asked)
        except TundishError as error:
            return {"error": str(error), "class": type(error).__name__}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return {"error": f"this is no command with its arguments: {error}", "class": type(error).__name__}
