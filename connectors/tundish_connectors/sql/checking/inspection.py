"""What `tundish check` looks at before anything goes wrong: rights, indexes, engines. No data moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, column, delete, exc, insert, inspect, null, select, table, text, update
from sqlalchemy.sql import ClauseElement

from tundish.faults import Fault
from tundish_connectors.sql.checking.catalogue import columns_of
from tundish_connectors.sql.dialects.contract import Dialect
from tundish_connectors.sql.names import split
from tundish_connectors.sql.settings import SqlSourceSettings
from tundish_connectors.sql.write_settings import SqlDestinationSettings, WriteSettings


def source_faults(session: Connection, settings: SqlSourceSettings, dialect: Dialect) -> list[Fault]:
    """Missing rights, a missing index, and rows that are never read because they have no watermark."""
    if settings.table is None:
        return []
    faults: list[Fault] = []
    if settings.status is not None:
        faults += _denied(session, dialect, settings.table, "UPDATE", settings.status.column)
        faults += _unindexed(session, settings.table, [settings.status.column])
    elif settings.outbox is not None:
        right = "UPDATE" if settings.outbox.column else "DELETE"
        faults += _denied(session, dialect, settings.table, right, settings.outbox.column or settings.key[0])
        faults += _unindexed(session, settings.table, list(settings.key))
    elif settings.watermark is not None:
        faults += _unindexed(session, settings.table, [settings.watermark])
        faults += _unread(session, settings.table, settings.watermark)
    return faults


def destination_faults(session: Connection, settings: SqlDestinationSettings, dialect: Dialect) -> list[Fault]:
    """Missing rights, upserts without a unique index, engines without transactions."""
    faults: list[Fault] = []
    for write in settings.writes:
        if write.table is None:
            continue
        columns = list(write.columns) or list(columns_of(session, write.table))
        rights = {"insert": ("INSERT",), "update": ("UPDATE",), "upsert": ("INSERT", "UPDATE")}[write.mode]
        for right in rights:
            faults += _denied(session, dialect, write.table, right, columns[0])
        faults += dialect.table_faults(session, write.table)
        faults += _not_unique(session, write)
    return faults


def _denied(session: Connection, dialect: Dialect, name: str, right: str, of: str) -> Iterator[Fault]:
    """A fault where a statement that would do nothing is not allowed."""
    schema, bare = split(name)
    target = table(bare, column(of), schema=schema)
    nothing = text("1 = 0")
    statement: ClauseElement
    match right:
        case "INSERT":
            # A view cannot be asked for a NULL of the right type by every database, so the table gives its own rows.
            statement = insert(target).from_select([of], select(null()).where(nothing))
        case "UPDATE":
            statement = update(target).values({of: target.c[of]}).where(nothing)
        case _:
            statement = delete(target).where(nothing)
    compiled = str(statement.compile(dialect=session.dialect, compile_kwargs={"literal_binds": True}))
    try:
        with session.begin_nested():
            session.execute(text(dialect.explain + compiled.replace(":", r"\:"))).close()
    except exc.DBAPIError as error:
        if error.orig is not None and dialect.reading(error.orig).kind == "denied":
            yield Fault(name, f"we may not {right} there", f"GRANT {right} ON {name} TO our user")
        elif error.connection_invalidated:
            raise


def _unindexed(session: Connection, name: str, columns: Sequence[str]) -> Iterator[Fault]:
    schema, bare = split(name)
    looks = inspect(session)
    if bare in looks.get_view_names(schema):
        return
    indexes: list[Sequence[str | None]] = [each["column_names"] for each in looks.get_indexes(bare, schema)]
    indexes.append(looks.get_pk_constraint(bare, schema).get("constrained_columns", []))
    indexes += [each["column_names"] for each in looks.get_unique_constraints(bare, schema)]
    if not any(list(index[: len(columns)]) == list(columns) for index in indexes):
        listed = ", ".join(columns)
        yield Fault(
            name,
            f"no index begins with {listed}, so every poll reads the whole table",
            f"CREATE INDEX ON {name} ({listed})",
        )


def _unread(session: Connection, name: str, watermark: str) -> Iterator[Fault]:
    schema, bare = split(name)
    origin = table(bare, column(watermark), schema=schema)
    found = session.execute(select(origin.c[watermark]).where(origin.c[watermark].is_(None)).limit(1)).first()
    if found is not None:
        yield Fault(
            name, f"rows without '{watermark}' are never read, and there are some", "give it a default and NOT NULL"
        )


def _not_unique(session: Connection, write: WriteSettings) -> Iterator[Fault]:
    wanted = set(write.key) if write.mode == "upsert" else {write.idempotency_column} - {None}
    if not wanted or write.table is None:
        return
    schema, bare = split(write.table)
    looks = inspect(session)
    unique = [set(each["column_names"]) for each in looks.get_indexes(bare, schema) if each["unique"]]
    unique += [set(each["column_names"]) for each in looks.get_unique_constraints(bare, schema)]
    unique.append(set(looks.get_pk_constraint(bare, schema).get("constrained_columns", [])))
    if wanted not in unique:
        listed = ", ".join(sorted(str(name) for name in wanted))
        yield Fault(
            write.table,
            f"nothing makes ({listed}) unique, so a repeat is not recognised",
            f"CREATE UNIQUE INDEX ON {write.table} ({listed})",
        )
