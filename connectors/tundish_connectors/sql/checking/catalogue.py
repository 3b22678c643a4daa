"""What a database says about its own tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, exc, inspect, types

from tundish.errors import Misconfigured
from tundish_connectors.sql.names import nearest, split


def columns_of(session: Connection, name: str) -> dict[str, types.TypeEngine[Any]]:
    """The columns of a table or view, and their types. Raises Misconfigured where there is none of that name."""
    schema, bare = split(name)
    looks = inspect(session)
    try:
        return {each["name"]: each["type"] for each in looks.get_columns(bare, schema)}
    except exc.NoSuchTableError:
        known = [*looks.get_table_names(schema), *looks.get_view_names(schema)]
        raise Misconfigured(f"there is no table '{name}' that we may see", nearest(bare, known)) from None
