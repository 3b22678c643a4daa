"""The ledger: a table that gets the idempotency key of every message in the transaction that writes it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select

from tundish.errors import Misconfigured
from tundish_connectors.sql.names import split
from tundish_connectors.sql.reading.selection import AT_ONCE

COLUMN = "idempotency_key"
LENGTH = 255


class Ledger:
    """Made by a session, in `open`."""

    def __init__(self, session: Connection, name: str) -> None:
        """Raises Misconfigured, with the statement that makes it, where the table is not there."""
        schema, bare = split(name)
        looks = inspect(session)
        found = looks.has_table(bare, schema)
        columns = {each["name"].lower() for each in looks.get_columns(bare, schema)} if found else set()
        if COLUMN not in columns:
            raise Misconfigured(
                f"there is no ledger '{name}'" if not found else f"the ledger '{name}' has no column '{COLUMN}'",
                f"CREATE TABLE {name} ({COLUMN} VARCHAR({LENGTH}) NOT NULL PRIMARY KEY, "
                "booked_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)",
            )
        self._table = Table(bare, MetaData(), Column(COLUMN, String(LENGTH)), schema=schema)

    def known(self, session: Connection, keys: Sequence[str]) -> set[str]:
        """Those of the keys that were booked before."""
        column = self._table.c[COLUMN]
        found: set[str] = set()
        for at in range(0, len(keys), AT_ONCE):
            found.update(session.scalars(select(column).where(column.in_(keys[at : at + AT_ONCE]))))
        return found

    def book(self, session: Connection, keys: Sequence[str]) -> None:
        """Book keys; whoever books one at the same time waits, and then breaks the primary key."""
        if keys:
            session.execute(insert(self._table), [{COLUMN: key} for key in keys])
