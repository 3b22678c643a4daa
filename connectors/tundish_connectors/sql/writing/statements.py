"""The statements of one write, made once: the values of a message only ever travel beside them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, and_, bindparam, insert, select, text, update
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.types import NullType

from tundish.errors import Invalid, Misconfigured, Rejected
from tundish.faults import Fault
from tundish.model import Outgoing, Record, Value
from tundish_connectors.sql.checking.catalogue import columns_of
from tundish_connectors.sql.dialects.contract import Dialect
from tundish_connectors.sql.json_text import to_json
from tundish_connectors.sql.names import nearest, split
from tundish_connectors.sql.statements import parameters_of, protected
from tundish_connectors.sql.write_settings import WriteSettings
from tundish_connectors.sql.writing.binding import Bind, Unfit, binder, whole

Bound = dict[str, Any]


class Write(ABC):
    """One write of every message."""

    may_commit = False
    """It may end the transaction by itself, so that after a lost connection nobody knows what it did."""

    @abstractmethod
    def bound(self, row: Record, message: Outgoing) -> Bound:
        """A row of a message as parameters. Raises Invalid with all faults."""

    @abstractmethod
    def execute(self, session: Connection, rows: Sequence[Bound]) -> None:
        """Write rows. Raises Rejected where an update finds none, SQLAlchemy's errors."""

    def joins(self, row: Bound) -> tuple[str, ...] | None:
        """Rows of many messages for which this is the same may be executed together; None never."""
        return None


class TableWrite(Write):
    """Insert, upsert or update."""

    def __init__(self, session: Connection, write: WriteSettings, dialect: Dialect, timezone: str | None) -> None:
        """Raises Misconfigured for a table and for columns that do not exist."""
        self._write = write
        self._dialect = dialect
        self._known = columns_of(session, write.table or "")
        self._schema, self._name = split(write.table or "")
        self._timezone = timezone
        self._binders: dict[str, Bind] = {}
        self._statements: dict[tuple[str, ...], Executable] = {}
        named = {*write.columns, *write.key, write.body, write.idempotency_column} - {None}
        for column in sorted(str(each) for each in named):
            if column not in self._known:
                raise Misconfigured(f"'{write.table}' has no column '{column}'", nearest(column, self._known))
            self._binder(column)

    def bound(self, row: Record, message: Outgoing) -> Bound:
        """Each value as its column takes it."""
        values: Bound = {}
        faults: list[Fault] = []
        for name, value in {**row, **self._ours(message)}.items():
            if name not in self._known:
                cure = nearest(name, self._known)
                faults.append(Fault(name, f"'{self._write.table}' has no such column", cure))
                continue
            try:
                values[name] = self._binder(name)(value)
            except Unfit as error:
                faults.append(Fault(name, error.text, error.cure))
        faults += [
            Fault(name, "the key has no value", "give it one") for name in self._write.key if values.get(name) is None
        ]
        if faults:
            raise Invalid("not writable: " + "; ".join(map(str, faults)), faults=faults)
        return values

    def joins(self, row: Bound) -> tuple[str, ...] | None:
        """Rows with the same columns; an update must be asked singly how many rows it found."""
        return None if self._write.mode == "update" else tuple(row)

    def execute(self, session: Connection, rows: Sequence[Bound]) -> None:
        """In one round trip where the driver can."""
        if not rows:
            return
        if self._write.mode == "update":
            for row in rows:
                self._update(session, row)
            return
        columns = tuple(rows[0])
        statement = self._statement(columns)
        named = [self._named(statement, row, columns) for row in rows]
        session.execute(statement, named if len(named) > 1 else named[0])

    def repeated(self, session: Connection, message: Outgoing) -> bool:
        """Whether a row has this message's idempotency key."""
        name = self._write.idempotency_column
        if name is None:
            return False
        column = Column(name, self._known[name])
        Table(self._name, MetaData(), column, schema=self._schema)
        found = session.execute(select(column).where(column == message.idempotency_key).limit(1)).first()
        return found is not None

    def _ours(self, message: Outgoing) -> dict[str, Any]:
        """The columns that get the body and the idempotency key."""
        ours: dict[str, Any] = {}
        if self._write.body is not None:
            ours[self._write.body] = whole(message.body, self._known[self._write.body])
        if self._write.idempotency_column is not None:
            ours[self._write.idempotency_column] = message.idempotency_key
        return ours

    def _update(self, session: Connection, row: Bound) -> None:
        columns = tuple(row)
        statement = self._statement(columns)
        found = session.execute(statement, {f"v_{name}": value for name, value in row.items()}).rowcount
        if found == 0 and self._write.if_absent == "refuse":
            key = ", ".join(f"{name} {row[name]}" for name in self._write.key)
            raise Rejected(f"'{self._write.table}' has no row with {key}", detail="0 rows")

    def _named(self, statement: Executable, row: Bound, columns: tuple[str, ...]) -> Bound:
        if isinstance(statement, TextClause):
            return {f"v{number}": row[name] for number, name in enumerate(columns)}
        return row

    def _statement(self, columns: tuple[str, ...]) -> Executable:
        if columns not in self._statements:
            self._statements[columns] = self._made(columns)
        return self._statements[columns]

    def _made(self, columns: tuple[str, ...]) -> Executable:
        parts = [Column(name, self._known[name]) for name in columns]
        target = Table(self._name, MetaData(), *parts, schema=self._schema)
        if self._write.mode == "insert":
            return insert(target)
        if self._write.mode == "upsert":
            return self._dialect.upsert(target, self._write.key)
        where = and_(*(target.c[name] == bindparam(f"v_{name}") for name in self._write.key))
        rest: dict[str, Any] = {name: bindparam(f"v_{name}") for name in columns if name not in self._write.key}
        return update(target).where(where).values(rest or {name: target.c[name] for name in self._write.key})

    def _binder(self, name: str) -> Bind:
        if name not in self._binders:
            self._binders[name] = binder(name, self._known[name], self._timezone)
        return self._binders[name]


class StatementWrite(Write):
    """A statement of the user's own, or the call of a procedure."""

    may_commit = True

    def __init__(self, write: WriteSettings, dialect: Dialect) -> None:
        if write.procedure is not None:
            self._names = {name: f"p{number}" for number, name in enumerate(write.arguments)}
            written = dialect.call(write.procedure, list(write.arguments))
        else:
            self._names = {name: name for name in parameters_of(write.statement or "")}
            written = protected(write.statement or "")
        self._statement = text(written).bindparams(
            *(bindparam(name, type_=NullType()) for name in self._names.values())
        )

    def bound(self, row: Record, message: Outgoing) -> Bound:
        """Numbers, texts and truth values as they are; lists and objects as JSON."""
        return {parameter: _free(row.get(name)) for name, parameter in self._names.items()}

    def execute(self, session: Connection, rows: Sequence[Bound]) -> None:
        """One after the other; what a procedure answers is not read."""
        for row in rows:
            session.execute(self._statement, row).close()


def _free(value: Value) -> Any:
    return to_json(value) if isinstance(value, dict | list) else value
