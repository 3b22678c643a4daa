"""Selects rows of a table or of a query, with the columns that a source needs for itself."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Result,
    Select,
    and_,
    column,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.sql import FromClause

from tundish.errors import Misconfigured
from tundish.model import Record
from tundish_connectors.sql.checking.catalogue import columns_of
from tundish_connectors.sql.dialects.contract import Dialect, untyped
from tundish_connectors.sql.names import nearest, split
from tundish_connectors.sql.reading.rows import RowReader
from tundish_connectors.sql.settings import SqlSourceSettings
from tundish_connectors.sql.statements import protected

Row = Sequence[Any]

Keys = list[list[Any]]

AT_ONCE = 500
"""Keys that one statement names at most; every database takes so many."""


class Selection:
    """What a source selects. Made in `open`, by a session."""

    def __init__(self, session: Connection, settings: SqlSourceSettings, dialect: Dialect, own: Sequence[str]) -> None:
        """`own` are the columns that the source needs beside those of the records; the first ones are its position.

        Raises Misconfigured for columns that do not exist, SQLAlchemy's errors for a table that does not.
        """
        self._settings = settings
        self._dialect = dialect
        self.origin: FromClause
        if settings.table is not None:
            schema, name = split(settings.table)
            found = list(columns_of(session, settings.table))
            self.origin = table(name, *map(column, found), schema=schema)
        else:
            query = text(protected(settings.query or ""))
            wrapped = query.columns().subquery("source")
            result: Result[Any] = session.execute(select(literal_column("*")).select_from(wrapped).where(text("1 = 0")))
            found = list(result.keys())
            self.origin = query.columns(*map(column, found)).subquery("source")
        what = f"'{settings.table}'" if settings.table else "the query"
        for name in (*own, *settings.columns):
            if name not in found:
                raise Misconfigured(f"{what} has no column '{name}'", nearest(name, found))
        shown = list(settings.columns) or found
        self.names = list(dict.fromkeys((*own, *shown)))
        self._hidden = set(self.names) - set(shown)
        self._reader: RowReader | None = None

    def among(self, columns: Sequence[ColumnElement[Any]], keys: Sequence[Sequence[Any]]) -> ColumnElement[bool]:
        """The condition for rows with one of these keys."""
        if len(columns) == 1:
            return self._dialect.one_of(columns[0], [key[0] for key in keys])
        return among(columns, keys)

    def column(self, name: str) -> ColumnElement[Any]:
        """A column, for conditions."""
        return self.origin.c[name]

    def select(self) -> Select[Any]:
        """All columns, our own first."""
        return select(*(self.origin.c[name] for name in self.names))

    def hide(self, name: str) -> None:
        """Leave a column out of the records."""
        self._hidden.add(name)

    def rows(self, session: Connection, statement: Select[Any]) -> list[Row]:
        """The rows of a statement that `select` began."""
        result = session.execute(statement)
        if self._reader is None:
            description = result.cursor.description if result.cursor is not None else ()
            utc = [
                name
                for name, each in zip(self.names, description, strict=False)
                if self._dialect.utc({"code": each[1]})
            ]
            self._reader = RowReader(
                self.names,
                timezone=self._settings.timezone,
                json_columns=self._settings.json_columns,
                utc=utc,
                hidden=self._hidden,
            )
        return list(result.fetchall())

    def records(self, rows: Sequence[Row]) -> list[Record]:
        """Rows as records. Raises Misconfigured for times without a zone."""
        return [] if self._reader is None else self._reader.records(rows)

    def position(self, row: Row, count: int) -> list[Any]:
        """The first columns of a row."""
        return list(row[:count])


def portions(keys: Keys) -> Iterator[Keys]:
    """Keys, as many at a time as one statement may name."""
    return (keys[at : at + AT_ONCE] for at in range(0, len(keys), AT_ONCE))


def after(columns: Sequence[ColumnElement[Any]], values: Sequence[Any]) -> ColumnElement[bool]:
    """Rows behind a position, in the order of these columns: `a > 1 OR (a = 1 AND b > 2)`."""
    # The first condition says nothing new, but every database finds the place in an index by it.
    return and_(columns[0] >= untyped(values[0]), _beyond(columns, values, operator.gt))


def outside(columns: Sequence[ColumnElement[Any]], first: Sequence[Any], last: Sequence[Any]) -> ColumnElement[bool]:
    """Rows before a position or behind another one."""
    return or_(_beyond(columns, first, operator.lt), _beyond(columns, last, operator.gt))


def _beyond(
    columns: Sequence[ColumnElement[Any]], values: Sequence[Any], compare: Callable[[Any, Any], ColumnElement[bool]]
) -> ColumnElement[bool]:
    alternatives: list[ColumnElement[bool]] = []
    for number, (one, value) in enumerate(zip(columns, values, strict=True)):
        same = [columns[index] == untyped(values[index]) for index in range(number)]
        alternatives.append(and_(*same, compare(one, untyped(value))))
    return or_(*alternatives)


def among(columns: Sequence[ColumnElement[Any]], keys: Sequence[Sequence[Any]]) -> ColumnElement[bool]:
    """Rows with one of these keys, of several columns."""
    return or_(*(and_(*(one == untyped(value) for one, value in zip(columns, key, strict=True))) for key in keys))
