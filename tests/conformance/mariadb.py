"""MariaDB, as Debian brings it."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.conformance.certificates import Certificate
from tests.conformance.database_server import NAME, PASSWORD, PLACES, DatabaseServer, scratch
from tests.conformance.ports import LOOPBACK

MARIADB = shutil.which("mariadbd", path=PLACES)
MISSING_MARIADB = "mariadb is not installed: apt-get install mariadb-server"


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
        shutil.copytree(_template(), self.folder, dirs_exist_ok=True)

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
def _template() -> Path:
    folder = scratch("template")
    program = shutil.which("mariadb-install-db", path=PLACES)
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
