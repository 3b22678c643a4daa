"""SQL Server, through Microsoft's ODBC driver."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import URL, Connection, Select, Table
from sqlalchemy.dialects.mssql.base import MSDialect
from sqlalchemy.sql import Executable

from tundish.errors import Misconfigured
from tundish_connectors.sql.dialects.contract import Dialect, FailureKind, Reading
from tundish_connectors.sql.dialects.merging import merge
from tundish_connectors.sql.settings import SqlConnectionSettings

_ODBC = "ODBC Driver 18 for SQL Server"
_PORT = 1433
_NUMBERS: dict[FailureKind, tuple[int, ...]] = {
    "refused": (18456, 18470, 18486, 18487, 18488, 4060),
    "busy": (1204, 1205, 1222, 3960, 8645, 8651, 1105, 9002, 10928, 10929, 40501, 40613, 3906),
    "unique": (2601, 2627),
    "constraint": (515, 547),
    "data": (220, 232, 241, 242, 245, 248, 2628, 8114, 8115, 8152),
    "denied": (229, 230, 262, 297, 300),
    "absent": (102, 156, 207, 208, 2812, 8144, 201),
}
_KINDS: dict[int, FailureKind] = {code: kind for kind, codes in _NUMBERS.items() for code in codes}
_NUMBER = re.compile(r"\((\d+)\)")
_STATES: dict[str, FailureKind] = {"08": "lost", "28": "refused", "22": "data", "23": "constraint", "40": "busy"}


class SqlServer(Dialect):
    """SQL Server 2017 or later, and Azure SQL."""

    name = "SQL Server"
    driver = "pyodbc"
    extra = "sqlserver"
    clock = "SELECT SYSUTCDATETIME()"

    def address(self, settings: SqlConnectionSettings) -> tuple[URL, dict[str, Any]]:
        """The driver trusts what the system trusts; it takes no list of authorities of ours."""
        tls = settings.tls
        if tls is not None and (tls.ca_file is not None or tls.certificate is not None):
            name = "ca_file" if tls.ca_file is not None else "certificate"
            raise Misconfigured(
                f"the ODBC driver takes no '{name}'", "install the authority among those that the system trusts"
            )
        query = {
            "driver": _ODBC,
            "Encrypt": "no" if tls is None else "yes",
            "TrustServerCertificate": "yes" if tls is not None and tls.dangerously_skip_verification else "no",
            "LoginTimeout": str(max(1, round(settings.connect_timeout))),
            "APP": "tundish",
        }
        url = URL.create(
            "mssql+pyodbc",
            username=settings.user,
            # The driver takes it in no other way than inside the address, which is never shown with it.
            password=settings.password.reveal() if settings.password is not None else None,
            host=settings.host,
            port=settings.port or _PORT,
            database=settings.database,
            query=query,
        )
        return url, {"timeout": max(1, round(settings.connect_timeout))}

    def prepare(self, session: Any, settings: SqlConnectionSettings) -> None:
        """A limit for each statement; any error ends the transaction."""
        session.timeout = max(1, round(settings.timeout))
        cursor = session.cursor()
        cursor.execute("SET XACT_ABORT ON")
        cursor.close()

    def reading(self, error: BaseException) -> Reading:
        """By the number that stands behind the message, and by SQLSTATE where there is none."""
        state = str(error.args[0]) if error.args else ""
        told = str(error.args[1]) if len(error.args) > 1 else ""
        # pyodbc puts the number, which is what counts, nowhere but at the end of its text: `… (2627) (SQLExecDirectW)`.
        numbers = [int(number) for number in _NUMBER.findall(told)]
        for number in numbers:
            if number >= 50000:
                return Reading("business", str(number))
            if number in _KINDS:
                return Reading(_KINDS[number], str(number))
        return Reading("busy" if state == "HYT00" else _STATES.get(state[:2], "other"), state)

    def upsert(self, table: Table, key: Sequence[str]) -> Executable:
        """MERGE, which two sessions may not do at once for one key: HOLDLOCK."""
        compiler = MSDialect()  # type: ignore[no-untyped-call] # SQLAlchemy types it loosely
        return merge(table, key, compiler, hint=" WITH (HOLDLOCK)")

    def claiming(self, select: Select[Any], connection: Connection) -> Select[Any]:
        """UPDLOCK with READPAST is how SQL Server skips locked rows."""
        (origin,) = select.get_final_froms()
        return select.with_hint(origin, "WITH (UPDLOCK, READPAST, ROWLOCK)", "mssql")

    def call(self, procedure: str, arguments: Sequence[str]) -> str:
        """EXEC with named arguments."""
        named = ", ".join(f"@{name} = :p{number}" for number, name in enumerate(arguments))
        return f"EXEC {procedure} {named}".rstrip()
