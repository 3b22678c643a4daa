"""What the databases do differently. One file per database; each is loaded when a connection names it."""

from __future__ import annotations

from tundish_connectors.sql.dialects.contract import Dialect
from tundish_connectors.sql.settings import DialectName


def dialect_of(name: DialectName) -> Dialect:
    """The dialect of a connection."""
    match name:
        case "postgresql":
            from tundish_connectors.sql.dialects.postgresql import PostgreSql

            return PostgreSql()
        case "mariadb":
            from tundish_connectors.sql.dialects.mariadb import MariaDb

            return MariaDb()
        case "sqlite":
            from tundish_connectors.sql.dialects.sqlite import Sqlite

            return Sqlite()
        case "sqlserver":
            from tundish_connectors.sql.dialects.sqlserver import SqlServer

            return SqlServer()
        case "oracle":
            from tundish_connectors.sql.dialects.oracle import Oracle

            return Oracle()
