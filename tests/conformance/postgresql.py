"""PostgreSQL, as Debian brings it."""

from __future__ import annotations

import functools
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.conformance.certificates import Certificate
from tests.conformance.database_server import NAME, PASSWORD, PLACES, DatabaseServer, scratch
from tests.conformance.ports import LOOPBACK

POSTGRES = shutil.which("postgres", path=PLACES)
MISSING_POSTGRES = "postgresql is not installed: apt-get install postgresql"


class PostgreSql(DatabaseServer):
    """PostgreSQL, as the user `postgres` where the tests run as root, because it refuses to be root."""

    dialect = "postgresql"
    power_cut = signal.SIGQUIT

    def __init__(self, *options: str) -> None:
        super().__init__()
        self._options = options

    def _make(self) -> None:
        shutil.copytree(_template(), self.folder, dirs_exist_ok=True)
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
        user = _user()
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


@functools.cache
def _user() -> int | None:
    return pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None


def _give(path: Path) -> None:
    user = _user()
    if user is not None:
        for each in (path, *path.rglob("*")):
            os.chown(each, user, user)


@functools.cache
def _template() -> Path:
    """A cluster as `initdb` makes it; copying one is much faster than making it."""
    folder = scratch("template")
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
        user=_user(),
        cwd="/",
    )
    return folder / "cluster"
