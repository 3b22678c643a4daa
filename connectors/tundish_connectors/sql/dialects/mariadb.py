"""MariaDB and MySQL, through PyMySQL."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import pymysql
from pymysql.constants import CR, ER, FIELD_TYPE
from sqlalchemy import URL, Connection, Select, Table, text
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.sql import Executable

from tundish.faults import Fault
from tundish.sdk import client_context, watch_line
from tundish_connectors.sql.dialects.contract import Dialect, FailureKind, Reading
from tundish_connectors.sql.names import split
from tundish_connectors.sql.settings import SqlConnectionSettings

_PORT = 3306
_SPARE = 2.0
"""Seconds by which our patience is longer than the server's, so that the server ends a statement first."""
_SKIP_LOCKED = {True: (10, 6), False: (8, 0)}
"""The first versions that can skip locked rows: of MariaDB, of MySQL."""

_CODES: dict[FailureKind, tuple[int, ...]] = {
    "refused": (1044, 1045, 1130, 1698, 1820, 1862, 1049, 3118),
    "busy": (
        *(ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT, ER.LOCK_TABLE_FULL, ER.DISK_FULL, ER.RECORD_FILE_FULL),
        *(1040, 1203, 1226, 1290, 1317, 1836, 1969, 3024, 3572, 1020, 1041, 1037, 1038),
    ),
    "unique": (ER.DUP_ENTRY, 1586, 1022, 1859),
    "constraint": (1048, 1216, 1217, 1364, 1451, 1452, 1557, 3819, 4025),
    "data": (1264, 1265, 1292, 1366, 1367, 1406, 1411, 1416, 1690, 1441, 3140, 4038),
    "business": (1644,),
    "denied": (1142, 1143, 1227, 1370, 1410),
    "absent": (1054, 1064, 1109, 1146, 1305, 1318, 1327, 1146, 1072),
    "lost": (1053, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927),
}
_KINDS: dict[int, FailureKind] = {code: kind for kind, codes in _CODES.items() for code in codes}


class MariaDb(Dialect):
    """MariaDB 10.3 or later, MySQL 8 or later."""

    name = "MariaDB"
    driver = "pymysql"
    extra = "mariadb"
    explain = "EXPLAIN "
    clock = "SELECT UTC_TIMESTAMP(6)"

    def address(self, settings: SqlConnectionSettings) -> tuple[URL, dict[str, Any]]:
        """Files of this machine are never sent (`local_infile`)."""
        url = URL.create(
            "mysql+pymysql",
            username=settings.user,
            host=settings.host,
            port=settings.port or _PORT,
            database=settings.database,
        )
        arguments: dict[str, Any] = {
            "connect_timeout": settings.connect_timeout,
            "read_timeout": settings.timeout + _SPARE,
            "write_timeout": settings.timeout + _SPARE,
            "charset": "utf8mb4",
            "local_infile": False,
            "program_name": "tundish",
        }
        if settings.tls is None:
            arguments["ssl_disabled"] = True
        else:
            arguments["ssl"] = client_context(settings.tls)
        if settings.password is not None:
            arguments["password"] = settings.password.reveal()
        return url, arguments

    def prepare(self, session: Any, settings: SqlConnectionSettings) -> None:
        """Strict, so that no value is shortened silently; UTC; a limit for each statement; a line that is watched."""
        if (line := _line(session)) is not None:
            watch_line(line)
        maria = "MariaDB" in session.get_server_info()
        limit = (
            f"max_statement_time = {settings.timeout:.3f}"
            if maria
            else f"max_execution_time = {round(settings.timeout * 1000)}"
        )
        wait = max(1, round(settings.timeout))
        with session.cursor() as cursor:
            cursor.execute(
                "SET SESSION time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), "
                f"innodb_lock_wait_timeout = {wait}, {limit}"
            )

    def line(self, session: Any) -> int | None:
        """PyMySQL keeps its socket to itself."""
        line = _line(session)
        return None if line is None else line.fileno()

    def reading(self, error: BaseException) -> Reading:
        """By number."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return Reading("refused")
        if not isinstance(error, pymysql.err.Error):
            return Reading("lost" if isinstance(error, OSError) else "other")
        code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        # PyMySQL raises this one only where the server offers no TLS.
        if code == CR.CR_SSL_CONNECTION_ERROR or (code == CR.CR_CONN_HOST_ERROR and _untrusted(error)):
            return Reading("refused", str(code))
        if code == 0 or (code >= CR.CR_ERROR_FIRST and code <= CR.CR_ERROR_LAST):
            return Reading("lost", str(code) if code else "")
        return Reading(_KINDS.get(code, "other"), str(code))

    def upsert(self, table: Table, key: Sequence[str]) -> Executable:
        """ON DUPLICATE KEY UPDATE, which looks at every unique index of the table."""
        statement = insert(table)
        rest = {column.name: statement.inserted[column.name] for column in table.columns if column.name not in key}
        # Without another column there is nothing to change, and setting the key to itself changes nothing.
        return statement.on_duplicate_key_update(rest or {key[0]: statement.inserted[key[0]]})

    def claiming(self, select: Select[Any], connection: Connection) -> Select[Any]:
        """FOR UPDATE, SKIP LOCKED where the version has it."""
        maria = bool(getattr(connection.dialect, "is_mariadb", False))
        version = connection.dialect.server_version_info or ()
        return select.with_for_update(skip_locked=tuple(version[:2]) >= _SKIP_LOCKED[maria])

    def call(self, procedure: str, arguments: Sequence[str]) -> str:
        """MariaDB knows arguments by their place only."""
        return f"CALL {procedure}({', '.join(f':p{number}' for number in range(len(arguments)))})"

    def is_encrypted(self, connection: Connection) -> bool | None:
        """By the server's own view of this session."""
        row = connection.execute(text("SHOW SESSION STATUS LIKE 'Ssl_cipher'")).first()
        return bool(row and row[1])

    def table_faults(self, connection: Connection, table: str) -> Sequence[Fault]:
        """Some engines know no transactions, so that a half of a message may stay."""
        schema, name = split(table)
        engine = connection.scalar(
            text(
                "SELECT engine FROM information_schema.tables WHERE table_name = :name "
                "AND table_schema = COALESCE(:schema, DATABASE()) AND table_type = 'BASE TABLE'"
            ),
            {"name": name, "schema": schema},
        )
        if engine is None or engine.lower() in {"innodb", "rocksdb"}:
            return ()
        return (
            Fault(
                table,
                f"its engine {engine} knows no transactions: what fails half-way stays half written",
                f"ALTER TABLE {table} ENGINE = InnoDB",
            ),
        )

    def utc(self, column: Mapping[str, Any]) -> bool:
        """TIMESTAMP is a moment, DATETIME is what a clock showed; both come without a zone."""
        return column.get("code") == FIELD_TYPE.TIMESTAMP


def _line(session: Any) -> socket.socket | None:
    line: socket.socket | None = getattr(session, "_sock", None)
    return line


def _untrusted(error: BaseException) -> bool:
    """PyMySQL wraps what went wrong with TLS into the error of a host that is not there."""
    seen: BaseException | None = getattr(error, "original_exception", None) or error.__cause__ or error.__context__
    return isinstance(seen, ssl.SSLCertVerificationError)
