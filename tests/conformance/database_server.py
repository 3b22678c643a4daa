"""A database server that nobody of this project wrote, with a folder and a port of its own on this machine."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.certificates import Certificate
from tests.conformance.ports import LOOPBACK, free_port

PLACES = ":".join(
    [
        *(str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
        *("/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"),
    ]
)
"""Where the programs may be."""

NAME = "tundish"
"""Of the database and of its owner."""
PASSWORD = "pass word'\"%@/:"
PASSWORD_VARIABLE = "TUNDISH_TEST_SQL_PASSWORD"


def scratch(prefix: str) -> Path:
    """A folder that another user can reach, unlike those of pytest; gone when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"tundish-{prefix}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class DatabaseServer(ABC):
    """A server that can be stopped and started again at the same port, with the same data."""

    dialect: ClassVar[str]

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = scratch(self.dialect)
        self._process: subprocess.Popen[bytes] | None = None
        self._made = False
        os.environ[PASSWORD_VARIABLE] = PASSWORD

    def settings(self, port: int | None = None, **more: object) -> dict[str, object]:
        """Settings of a connection; through a proxy where its port is given."""
        return {
            "dialect": self.dialect,
            "host": LOOPBACK,
            "port": port or self.port,
            "database": NAME,
            "user": NAME,
            "password": f"env:{PASSWORD_VARIABLE}",
            "timeout": "3s",
            **more,
        }

    async def start(self) -> None:
        """Start, and wait until it answers. The first time, make the database."""
        await asyncio.to_thread(self.start_now)

    async def stop(self) -> None:
        """Be gone, as after a power cut."""
        await asyncio.to_thread(self.stop_now)

    def start_now(self) -> None:
        """The same, where there is no event loop."""
        if self._process is not None:
            return
        if not self._made:
            self._make()
        self._process = self._run(self._command())
        until = time.monotonic() + 20
        while True:
            try:
                # A driver leaves a socket behind when nobody listens, so this looks first.
                socket.create_connection((LOOPBACK, self.port), 1).close()
                self.administer(*([] if self._made else self._first()))
                break
            except Exception:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise
                time.sleep(0.02)
        self._made = True

    def stop_now(self) -> None:
        """The same, where there is no event loop."""
        if self._process is not None:
            process, self._process = self._process, None
            process.send_signal(self.power_cut)
            process.wait(20)

    def remove(self) -> None:
        """Stop, and forget the data."""
        self.stop_now()
        shutil.rmtree(self.folder, ignore_errors=True)

    def execute(self, *statements: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run statements in one transaction, past the connector; gives the rows of the last one."""
        with closing(self.connect()) as connection:
            rows = _executed(connection, statements, parameters)
            connection.commit()
            return rows

    def administer(self, *statements: str) -> None:
        """Run statements as the server's administrator, each in a transaction of its own."""
        with closing(self._connect_as_administrator()) as connection:
            _executed(connection, statements or ("SELECT 1",), ())

    power_cut: ClassVar[signal.Signals]

    @abstractmethod
    def use(self, certificate: Certificate) -> None:
        """Offer TLS with this certificate, from the next start on."""

    @abstractmethod
    def connect(self, *, autocommit: bool = False) -> Any:
        """A session past the connector, of its driver."""

    @abstractmethod
    def _connect_as_administrator(self) -> Any: ...

    @abstractmethod
    def _make(self) -> None: ...

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _first(self) -> list[str]: ...

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _executed(connection: Any, statements: Sequence[str], parameters: Sequence[object]) -> list[tuple[Any, ...]]:
    with closing(connection.cursor()) as cursor:
        for statement in statements:
            cursor.execute(statement, parameters or None)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
