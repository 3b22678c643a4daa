"""Queries with their rows as tuples of Any: the types of the columns are those of the tables in `schema`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw


def all_rows(connection: apsw.Connection, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Every row."""
    return connection.execute(query, values).fetchall()


def one_row(connection: apsw.Connection, query: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
    """The first row, or None."""
    row: tuple[Any, ...] | None = connection.execute(query, values).fetchone()
    return row


def one_value(connection: apsw.Connection, query: str, values: Sequence[Any] = ()) -> Any:
    """The first column of the first row, or None where there is no row."""
    row = connection.execute(query, values).fetchone()
    return None if row is None else row[0]


def buckets_of(table: str) -> str:
    """A common table expression `b(bucket)` with the buckets of a table, found by jumps and not by a scan."""
    return (
        f"WITH RECURSIVE b(bucket) AS (SELECT min(bucket) FROM {table} UNION ALL "  # noqa: S608 - a table of the schema
        f"SELECT (SELECT min(bucket) FROM {table} WHERE bucket>b.bucket) FROM b WHERE b.bucket IS NOT NULL)"
    )
