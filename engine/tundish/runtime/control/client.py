"""What the command line says to a running daemon."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from tundish.errors import DaemonRefused, NoDaemon
from tundish.runtime.control.address import SOCKET, short_path

ANSWER_WITHIN = 120.0
"""Seconds; replaying a hundred thousand dead letters takes a while."""


def request(data: Path, command: str, **args: object) -> dict[str, Any]:
    """Send one command to the daemon that owns this data folder, and return its answer.

    Raises NoDaemon where none runs, DaemonRefused with the daemon's own words where the command cannot be done.
    """
    line = json.dumps({"command": command, **args}).encode() + b"\n"
    try:
        with short_path(data) as path, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_WITHIN)
            connection.connect(path)
            connection.sendall(line)
            with connection.makefile("rb") as answers:
                answer = answers.readline()
    except OSError as error:
        raise NoDaemon(
            f"{data / SOCKET}: no daemon answers ({error.strerror or error}); start it with 'tundish run', or name its "
            "data folder with --data"
        ) from error
    if not answer.endswith(b"\n"):
        raise NoDaemon(f"{data / SOCKET}: the daemon ended before it answered; look into its log")
    reply: dict[str, Any] = json.loads(answer)
    if "error" in reply:
        raise DaemonRefused(str(reply["error"]))
    return reply
