"""MERGE, by which SQL Server and Oracle insert or update; SQLAlchemy has no construct for it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Table, bindparam, text
from sqlalchemy.engine.interfaces import Dialect as Compiler
from sqlalchemy.sql import Executable


def merge(table: Table, key: Sequence[str], compiler: Compiler, *, hint: str = "", origin: str = "") -> Executable:
    """`hint` follows the table's name, `origin` the list of values; parameters are `v0`, `v1` … by column."""
    quote = compiler.identifier_preparer
    names = [column.name for column in table.columns]
    quoted = {name: quote.quote(name) for name in names}
    values = ", ".join(f":v{number} AS {quoted[name]}" for number, name in enumerate(names))
    same = " AND ".join(f"target.{quoted[name]} = source.{quoted[name]}" for name in key)
    rest = [f"target.{quoted[name]} = source.{quoted[name]}" for name in names if name not in key]
    update = f" WHEN MATCHED THEN UPDATE SET {', '.join(rest)}" if rest else ""
    insert = ", ".join(quoted[name] for name in names)
    given = ", ".join(f"source.{quoted[name]}" for name in names)
    statement = (
        f"MERGE INTO {quote.format_table(table)}{hint} {'AS ' if hint else ''}target "  # noqa: S608 - names are quoted
        f"USING (SELECT {values}{origin}) source ON ({same}){update} "
        f"WHEN NOT MATCHED THEN INSERT ({insert}) VALUES ({given})"
    )
    parameters = [bindparam(f"v{number}", type_=column.type) for number, column in enumerate(table.columns)]
    return text(statement + (";" if hint else "")).bindparams(*parameters)
