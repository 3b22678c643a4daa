"""Database servers that nobody of this project wrote, each with a folder and a port of its own on this machine."""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.certificates import Certificate
from tests.conformance.ports import LOOPBACK, free_port

_PLACES = ":".join(
    [
        *(str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
        *("/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"),
    ]
)
POSTGRES = shutil.which("postgres", path=_PLACES)
MARIADB = shutil.which("mariadbd", path=_PLACES)
MISSING_POSTGRES = "postgresql is not installed: apt-get install postgresql"
MISSING_MARIADB = "mariadb is not installed: apt-get install mariadb-server"

NAME = "tundish"
"""Of the database and of its owner."""
PASSWORD = "pass word'\"%@/:"
PASSWORD_VARIABLE = "TUNDISH_TEST_SQL_PASSWORD"


def _scratch(prefix: str) -> Path:
    """A folder that another user can reach, unlike those of pytest; gone when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"tundish-{prefix}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class DatabaseServer(ABC):
    """A server that can be stopped and started again at the same port, with the same data."""

    dialect: ClassVar[str]

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = _scratch(self.dialect)
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


class PostgreSql(DatabaseServer):
    """PostgreSQL, as the user `postgres` where the tests run as root, because it refuses to be root."""

    dialect = "postgresql"
    power_cut = signal.SIGQUIT

    def __init__(self, *options: str) -> None:
        super().__init__()
        self._options = options

    def _make(self) -> None:
        shutil.copytree(_postgres_template(), self.folder, dirs_exist_ok=True)
        self.folder.chmod(0o700)
        _give(self.folder)

    def use(self, certificate: Certificate) -> None:
        """Offer TLS with this certificate, from the next start on."""
        for source, name in ((certificate.certificate, "server.crt"), (certificate.key, "server.key")):
            target = self.folder / name
            target.write_bytes(source.read_bytes())
            target.chmod(0o600)
            _give(target)
        self._options = ("ssl=on",)

    def _command(self) -> list[str]:
        assert POSTGRES is not None
        given = (f"port={self.port}", f"listen_addresses={LOOPBACK}", "unix_socket_directories=", *self._options)
        return [POSTGRES, "-D", str(self.folder), *(part for option in given for part in ("-c", option))]

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        user = _postgres_user()
        return subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, group=user, cwd="/"
        )

    def _first(self) -> list[str]:
        quoted = PASSWORD.replace("'", "''")
        return [f"CREATE ROLE {NAME} LOGIN PASSWORD '{quoted}'", f"CREATE DATABASE {NAME} OWNER {NAME}"]

    def connect(self, *, autocommit: bool = False) -> Any:
        import psycopg

        return psycopg.connect(
            host=LOOPBACK, port=self.port, dbname=NAME, user=NAME, password=PASSWORD, autocommit=autocommit
        )

    def _connect_as_administrator(self) -> Any:
        import psycopg

        return psycopg.connect(
            host=LOOPBACK, port=self.port, dbname="postgres", user="postgres", password=PASSWORD, autocommit=True
        )


class MariaDb(DatabaseServer):
    """MariaDB, as whoever runs the tests."""

    dialect = "mariadb"
    power_cut = signal.SIGKILL

    def __init__(self) -> None:
        super().__init__()
        self._options: tuple[str, ...] = ()

    def use(self, certificate: Certificate) -> None:
        """Offer TLS with this certificate, from the next start on."""
        self._options = (f"--ssl-cert={certificate.certificate}", f"--ssl-key={certificate.key}")

    def _make(self) -> None:
        shutil.copytree(_mariadb_template(), self.folder, dirs_exist_ok=True)

    def _command(self) -> list[str]:
        assert MARIADB is not None
        return [
            *(MARIADB, "--no-defaults", f"--datadir={self.folder}", f"--port={self.port}"),
            *(f"--bind-address={LOOPBACK}", f"--socket={self.folder}/socket", "--skip-name-resolve"),
            *_SMALL,
            *self._options,
            *(["--user=root"] if os.geteuid() == 0 else []),
        ]

    def _first(self) -> list[str]:
        quoted = PASSWORD.replace("'", "''")
        return [
            f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4",
            f"CREATE USER {NAME}@'%' IDENTIFIED BY '{quoted}'",
            f"GRANT ALL ON {NAME}.* TO {NAME}@'%'",
        ]

    def connect(self, *, autocommit: bool = False) -> Any:
        import pymysql

        return pymysql.connect(
            host=LOOPBACK, port=self.port, database=NAME, user=NAME, password=PASSWORD, autocommit=autocommit
        )

    def _connect_as_administrator(self) -> Any:
        import pymysql

        return pymysql.connect(unix_socket=f"{self.folder}/socket", user="root", autocommit=True)


_SMALL = (
    "--innodb-log-file-size=4M",
    "--innodb-buffer-pool-size=16M",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-use-native-aio=0",
)


@functools.cache
def _postgres_user() -> int | None:
    return pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None


def _give(path: Path) -> None:
    user = _postgres_user()
    if user is not None:
        for each in (path, *path.rglob("*")):
            os.chown(each, user, user)


@functools.cache
def _postgres_template() -> Path:
    """A cluster as `initdb` makes it; copying one is much faster than making it."""
    folder = _scratch("template")
    secret = folder / "password"
    secret.write_text(PASSWORD + "\n")
    _give(folder)
    assert POSTGRES is not None
    subprocess.run(
        [
            *(Path(POSTGRES).with_name("initdb"), "-D", folder / "cluster", "-U", "postgres", "--auth=scram-sha-256"),
            *(f"--pwfile={secret}", "--encoding=UTF8", "--locale=C", "--no-sync"),
        ],
        check=True,
        capture_output=True,
        user=_postgres_user(),
        cwd="/",
    )
    return folder / "cluster"


@functools.cache
def _mariadb_template() -> Path:
    folder = _scratch("template")
    program = shutil.which("mariadb-install-db", path=_PLACES)
    assert program is not None
    subprocess.run(
        [
            *(program, "--no-defaults", f"--datadir={folder}", "--auth-root-authentication-method=normal"),
            *(
                "--skip-test-db",
                "--innodb-log-file-size=4M",
                "--innodb-use-native-aio=0",
                *(["--user=root"] if os.geteuid() == 0 else []),
            ),
        ],
        check=True,
        capture_output=True,
    )
    return folder


MADE: dict[str, Callable[[], DatabaseServer]] = {
    **({"postgresql": PostgreSql} if POSTGRES else {}),
    **({"mariadb": MariaDb} if MARIADB else {}),
}
"""The servers of this machine, by dialect."""
MISSING = {"postgresql": MISSING_POSTGRES, "mariadb": MISSING_MARIADB}
"""Why there is none, by dialect."""
