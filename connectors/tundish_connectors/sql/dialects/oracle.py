"""Oracle, through python-oracledb without Oracle's client libraries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import URL, Table
from sqlalchemy.dialects.oracle.base import OracleDialect
from sqlalchemy.sql import Executable

from tundish.sdk import client_context
from tundish_connectors.sql.dialects.contract import Dialect, FailureKind, Reading
from tundish_connectors.sql.dialects.merging import merge
from tundish_connectors.sql.settings import SqlConnectionSettings

_PORT = 1521
_NUMBERS: dict[FailureKind, tuple[int, ...]] = {
    "refused": (1005, 1017, 1045, 28000, 28001, 12514, 12505),
    "busy": (54, 60, 1013, 1555, 1653, 1654, 8177, 12516, 12520, 18, 20, 1033, 1034, 1089, 30006, 16000),
    "unique": (1,),
    "constraint": (1400, 1407, 2290, 2291, 2292),
    "data": (1438, 1722, 1830, 1840, 1841, 1843, 1858, 1861, 12899, 1461),
    "denied": (1031, 990, 1720),
    "absent": (900, 904, 907, 911, 917, 923, 933, 936, 942, 4043, 6550, 1008),
    "lost": (28, 1012, 1092, 3113, 3114, 3135, 12170, 12537, 12541, 12547, 12571),
}
_KINDS: dict[int, FailureKind] = {code: kind for kind, codes in _NUMBERS.items() for code in codes}
_CODE = re.compile(r"(ORA|DPY|DPI)-0*(\d+)")


class Oracle(Dialect):
    """Oracle 12.1 or later; `database` is the name of the service."""

    name = "Oracle"
    driver = "oracledb"
    extra = "oracle"
    clock = "SELECT SYS_EXTRACT_UTC(SYSTIMESTAMP) FROM DUAL"

    def address(self, settings: SqlConnectionSettings) -> tuple[URL, dict[str, Any]]:
        """TCP, or TCPS with `tls`."""
        url = URL.create("oracle+oracledb", username=settings.user)
        arguments: dict[str, Any] = {
            "host": settings.host,
            "port": settings.port or _PORT,
            "service_name": settings.database,
            "tcp_connect_timeout": settings.connect_timeout,
            "program": "tundish",
        }
        if settings.tls is not None:
            arguments |= {"protocol": "tcps", "ssl_context": client_context(settings.tls)}
            arguments["ssl_server_dn_match"] = not settings.tls.dangerously_skip_verification
        if settings.password is not None:
            arguments["password"] = settings.password.reveal()
        return url, arguments

    def prepare(self, session: Any, settings: SqlConnectionSettings) -> None:
        """UTC, a limit for each statement, and exact numbers."""
        session.call_timeout = round(settings.timeout * 1000)
        with session.cursor() as cursor:
            cursor.execute("ALTER SESSION SET TIME_ZONE = 'UTC'")

    def break_off(self, session: Any) -> None:
        """The driver sends a break to the server."""
        session.cancel()

    def reading(self, error: BaseException) -> Reading:
        """By the driver's error number."""
        told = error.args[0] if error.args else None
        code = str(getattr(told, "full_code", ""))
        match = _CODE.fullmatch(code)
        if match is None:
            return Reading("other")
        number = int(match[2])
        if match[1] != "ORA":
            return Reading(
                "lost" if getattr(told, "isrecoverable", False) or number in {1001, 4011, 6005} else "other", code
            )
        if 20000 <= number <= 20999:
            return Reading("business", code)
        return Reading(_KINDS.get(number, "other"), code)

    def upsert(self, table: Table, key: Sequence[str]) -> Executable:
        """MERGE."""
        return merge(table, key, OracleDialect(), origin=" FROM DUAL")

    def call(self, procedure: str, arguments: Sequence[str]) -> str:
        """An anonymous block."""
        named = ", ".join(f"{name} => :p{number}" for number, name in enumerate(arguments))
        return f"BEGIN {procedure}({named}); END;"
