"""The database servers of this machine."""

from __future__ import annotations

import atexit
from collections import defaultdict
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

_idle: dict[str, list[DatabaseServer]] = defaultdict(list)


def borrowed(dialect: str) -> DatabaseServer:
    """A server that may have served another test, and may still hold what that one left; `give_back` it."""
    if _idle[dialect]:
        return _idle[dialect].pop()
    server = MADE[dialect]()
    atexit.register(server.remove)
    return server


def give_back(server: DatabaseServer) -> None:
    """Let another test have it; it may be running."""
    _idle[server.dialect].append(server)
