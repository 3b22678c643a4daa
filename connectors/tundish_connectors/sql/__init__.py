"""SQL databases: rows that are polled, written and asked for."""

from __future__ import annotations

from collections.abc import Collection

from tundish.sdk import ConnectorSpec, Part, Trait
from tundish_connectors.sql.settings import SqlConnectionSettings, SqlLookupSettings, SqlSourceSettings
from tundish_connectors.sql.write_settings import SqlDestinationSettings, WriteSettings


def _destination_traits(settings: SqlDestinationSettings) -> Collection[Trait]:
    if settings.ledger is not None or all(_may_be_repeated(write) for write in settings.writes):
        return []
    return ["twice"]


def _may_be_repeated(write: WriteSettings) -> bool:
    if write.table is None:
        return False
    return write.mode != "insert" or write.idempotency_column is not None or write.if_exists == "done"


SPEC = ConnectorSpec(
    id="sql",
    summary="Tables, queries and procedures of PostgreSQL, MariaDB, SQL Server, Oracle and SQLite.",
    connection=Part(
        SqlConnectionSettings,
        "tundish_connectors.sql.connection:SqlConnection",
        "dialect: postgresql\nhost: db.plant7.example\ndatabase: mes\nuser: tundish\npassword: env:MES_DB_PASSWORD\n"
        "tls: {}\n",
    ),
    source=Part(
        SqlSourceSettings,
        "tundish_connectors.sql.source:SqlSource",
        "table: production_orders\nwatermark: updated_at\nkey: order_id\n",
        format="ndjson",
    ),
    destination=Part(
        SqlDestinationSettings,
        "tundish_connectors.sql.destination:SqlDestination",
        "table: confirmations\nmode: upsert\nkey: id\n",
        traits=_destination_traits,
    ),
    lookup=Part(
        SqlLookupSettings,
        "tundish_connectors.sql.lookup:SqlLookup",
        'query: "SELECT name, unit FROM items WHERE id = :key"\n',
    ),
    extra="sql",
)
"""What the entry point `sql` of the group `tundish.connectors` names."""
