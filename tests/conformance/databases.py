"""The database servers of this machine."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.database_server import DatabaseServer
from tests.conformance.mariadb import MARIADB, MISSING_MARIADB, MariaDb
from tests.conformance.postgresql import MISSING_POSTGRES, POSTGRES, PostgreSql

MADE: dict[str, Callable[[], DatabaseServer]] = {
    **({"postgresql": PostgreSql} if POSTGRES else {}),
    **({"mariadb": MariaDb} if MARIADB else {}),
}
"""The servers of this machine, by dialect."""
MISSING = {"postgresql": MISSING_POSTGRES, "mariadb": MISSING_MARIADB}
"""Why there is none, by dialect."""
