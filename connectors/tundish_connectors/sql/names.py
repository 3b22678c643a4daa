"""Names of tables, columns and procedures as settings: checked when they are read, and always quoted in a statement."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator

from tundish.sdk import wrong_value

_PART = r"[^\W\d][\w$# -]{0,127}"
_COLUMN = re.compile(_PART)
_TABLE = re.compile(rf"(?:{_PART}\.){{0,2}}{_PART}")


def _column(name: str) -> str:
    if not _COLUMN.fullmatch(name) or name != name.strip():
        raise wrong_value(f"'{name}' is no name of a column", "write its name as the database has it, without quotes")
    return name


def _table(name: str) -> str:
    if not _TABLE.fullmatch(name) or name != name.strip():
        raise wrong_value(
            f"'{name}' is no name of a table or procedure", "write e.g. 'orders' or 'erp.orders', without quotes"
        )
    return name


Column = Annotated[str, AfterValidator(_column)]
"""The name of a column."""

Table = Annotated[str, AfterValidator(_table)]
"""The name of a table, view or procedure, with its schema where it needs one: `erp.orders`."""


def split(name: str) -> tuple[str | None, str]:
    """Schema and name of `erp.orders`; the schema is None in `orders`."""
    schema, dot, table = name.rpartition(".")
    return (schema if dot else None), table


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or what there is; the cure for a name that does not exist."""
    found = sorted(known)
    lower = {each.lower(): each for each in reversed(found)}
    close = get_close_matches(name.lower(), lower, 1, 0.6)
    if close:
        return f"did you mean '{lower[close[0]]}'?"
    listed = ", ".join(found[:12])
    return f"there are {listed}" if listed else ""
