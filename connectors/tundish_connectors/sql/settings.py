"""Settings of connections, sources and lookups; those of destinations are in `write_settings`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from tundish.sdk import Duration, Expression, Secret, Settings, TlsSettings, parse_duration, wrong_value
from tundish_connectors.sql.names import Column, Table
from tundish_connectors.sql.statements import Statement, parameters_of

DialectName = Literal["postgresql", "mariadb", "sqlite", "sqlserver", "oracle"]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong_value(f"there is no time zone '{name}'", "write e.g. 'Europe/Berlin' or 'UTC'") from None
    return name


TimeZone = Annotated[str, AfterValidator(_zone)]
"""The name of a zone of the IANA database."""


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _overlap(value: object) -> object:
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except ValueError as error:
            text, _, cure = str(error).partition("; ")
            raise wrong_value(text, cure) from None
    return value


Columns = Annotated[
    tuple[Column, ...],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""One column, or a list of columns."""

Overlap = Annotated[
    float | int,
    BeforeValidator(_overlap),
    Field(ge=0),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["10s", 1000]}),
]
"""A duration (kept as float), or a number (kept as int)."""


class SqlConnectionSettings(Settings):
    """A database and how to reach it. Sessions run in UTC, and each has a transaction of its own."""

    dialect: DialectName
    """What the database is."""
    host: Annotated[str | None, Field(min_length=1)] = None
    """Host name or address of the server."""
    port: Annotated[int | None, Field(ge=1, le=65535)] = None
    """TCP port; the usual one of the dialect unless given."""
    database: Annotated[str | None, Field(min_length=1)] = None
    """Name of the database; of the service for Oracle."""
    file: Path | None = None
    """With `sqlite`: the file. It must exist."""
    user: str | None = None
    """User name."""
    password: Secret | None = None
    """Password of that user."""
    tls: TlsSettings | None = None
    """Encrypt the connection and verify the server. `tls: {}` trusts the certificate authorities of the system."""
    timeout: Annotated[Duration, Field(ge=0.1, le=3600)] = 30.0
    """How long a statement may take, in the server and on its way."""
    connect_timeout: Annotated[Duration, Field(ge=1, le=300)] = 10.0
    """How long connecting may take."""
    connections: Annotated[int, Field(ge=1, le=100)] = 5
    """How many sessions may be open at the same time, for all routes that use this connection."""

    @model_validator(mode="after")
    def _reachable(self) -> SqlConnectionSettings:
        if self.dialect == "sqlite":
            given = [name for name in ("host", "port", "database", "user", "password", "tls") if getattr(self, name)]
            if self.file is None or given:
                fact = f"sqlite has no '{given[0]}'" if given else "sqlite needs a 'file'"
                raise wrong_value(fact, "write {dialect: sqlite, file: /srv/plant.db}")
            return self
        if self.file is not None:
            raise wrong_value(f"{self.dialect} has no 'file'", "set 'host' and 'database'")
        if self.host is None or self.database is None:
            absent = "host" if self.host is None else "database"
            raise wrong_value(f"{self.dialect} needs a '{absent}'", f"add '{absent}'")
        if self.password is not None and self.user is None:
            raise wrong_value("'password' is given without 'user'", "add the user whose password it is")
        return self


class StatusSettings(Settings):
    """A column that says how far each row is: taken rows are claimed first, and done when the journal has them."""

    column: Column
    """Name of the column."""
    new: str | int = "NEW"
    """Value of rows that wait for us."""
    taken: str | int = "TAKEN"
    """Value of rows that we claimed. Two daemons on one table need different ones: what a crash left in this state is
    taken again."""
    done: str | int = "DONE"
    """Value of rows that are in the journal."""

    @model_validator(mode="after")
    def _different(self) -> StatusSettings:
        if len({self.new, self.taken, self.done}) < 3:
            raise wrong_value("'new', 'taken' and 'done' are not three different values", "give each its own")
        return self


class OutboxSettings(Settings):
    """An outbox table: rows are taken in the order of `key`, and deleted or marked when the journal has them."""

    after: Literal["delete", "mark"]
    """What becomes of a row that is in the journal."""
    column: Column | None = None
    """With `after: mark`: the column that gets the database's time; rows wait for us while it is null."""
    wait_for_gaps: Annotated[Duration, Field(ge=0, le=600)] = 2.0
    """How long a number that is absent from a sequence may belong to a transaction that is not committed yet; rows
    behind it wait so long, so that they keep their order. With `0s` they never wait."""

    @model_validator(mode="after")
    def _marked_somewhere(self) -> OutboxSettings:
        if (self.after == "mark") != (self.column is not None):
            raise wrong_value("'column' belongs to 'after: mark'", "write {after: mark, column: sent_at}")
        return self


class SqlSourceSettings(Settings):
    """Take rows of a table or a query. Exactly one of `watermark`, `status` and `outbox` says which rows are new."""

    table: Table | None = None
    """Table or view, with its schema where it needs one: `erp.orders`."""
    query: Statement | None = None
    """With `watermark`: a SELECT instead of a table. Its result has the columns of `watermark` and `key`."""
    columns: Columns = ()
    """With `table`: the columns to read; all unless given."""
    key: Columns = ()
    """The column or columns that tell rows apart. With `watermark` they order rows that share one; without them no two
    rows may."""
    watermark: Column | None = None
    """Column that grows with every insert and change: a time, a row version or a number. Null is never read."""
    overlap: Overlap = 10.0
    """How far behind the watermark to look again for rows that were committed late: a duration for a time, a whole
    number for a number. What was taken before is not taken again."""
    status: StatusSettings | None = None
    """Rows say themselves how far they are."""
    outbox: OutboxSettings | None = None
    """Rows are deleted or marked."""
    poll: Annotated[Duration, Field(ge=0.01)] = 5.0
    """How long to wait after everything was read."""
    batch: Annotated[int, Field(ge=1, le=10000)] = 500
    """Rows of one unit, at most."""
    timezone: TimeZone | None = None
    """Zone of columns that hold a time without one."""
    json_columns: Columns = Field((), alias="json")
    """Text columns that hold JSON, to be read as data. Columns that the database has as JSON need not be listed."""

    @model_validator(mode="after")
    def _one_way(self) -> SqlSourceSettings:
        if (self.table is None) == (self.query is None):
            raise wrong_value("exactly one of 'table' and 'query' is needed", "keep one")
        ways = [name for name in ("watermark", "status", "outbox") if getattr(self, name) is not None]
        if len(ways) != 1:
            found = f"'{ways[0]}' and '{ways[1]}' are given" if ways else "none is given"
            raise wrong_value(f"one of 'watermark', 'status' and 'outbox' is needed, and {found}", "keep exactly one")
        if self.query is not None:
            self._check_query(self.query)
        if self.watermark is not None and self.watermark in self.key:
            raise wrong_value("'key' repeats the watermark", "name the other columns that tell rows apart, or none")
        if self.watermark is None and not self.key:
            raise wrong_value(f"'{ways[0]}' needs 'key'", "name the column or columns that tell rows apart")
        return self

    def _check_query(self, query: str) -> None:
        if self.watermark is None:
            raise wrong_value("only 'watermark' goes with a 'query'", "name the 'table' whose rows are claimed")
        if self.columns:
            raise wrong_value("'columns' goes with 'table'", "name the columns in the query")
        if names := parameters_of(query):
            raise wrong_value(f"the query has a parameter ':{names[0]}', and nothing gives it a value", "remove it")


class CacheSettings(Settings):
    """Answers that are remembered, to spare the database."""

    ttl: Annotated[Duration, Field(gt=0)]
    """How long an answer is believed."""
    size: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """How many answers are kept; the one that was not asked for the longest leaves first."""
    absent: bool = False
    """Whether to remember that there was nothing, too."""


class SqlLookupSettings(Settings):
    """Ask with a SELECT. `status` is 200 with the row or rows as `body`, or 404 where there is none."""

    query: Statement
    """A SELECT with parameters: `SELECT name FROM items WHERE id = :key`."""
    parameters: dict[str, Expression] = Field(default_factory=dict)
    """Values of the parameters, as expressions over the fields of the message; `key` is what `enrich` asks by. One that
    is not listed is the field of its own name."""
    rows: Literal["one", "many"] = "one"
    """`one`: `body` is the row as an object, and more than one is an error. `many`: a list of rows."""
    most: Annotated[int, Field(ge=1, le=10000)] = 1000
    """With `many`: more rows are an error."""
    cache: CacheSettings | None = None
    """Remember answers."""
    timezone: TimeZone | None = None
    """Zone of columns that hold a time without one."""
    json_columns: Columns = Field((), alias="json")
    """Text columns that hold JSON, to be read as data."""

    @model_validator(mode="after")
    def _bound(self) -> SqlLookupSettings:
        require_bound(self.query, self.parameters)
        return self


def require_bound(statement: str, parameters: dict[str, Any]) -> None:
    """Raises PydanticCustomError for a value that no parameter of the statement takes."""
    names = parameters_of(statement)
    for name in parameters:
        if name not in names:
            known = ", ".join(f"':{each}'" for each in names) or "none"
            raise wrong_value(f"the statement has no parameter ':{name}'", f"its parameters are: {known}")
