"""The statements of every dialect, above all of those for which no server is at hand; and what errors mean."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import oracledb
import psycopg
import pymysql
import pytest
from sqlalchemy import Column, Integer, MetaData, Numeric, Select, String, Table, column, insert, select, table, text
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite
from sqlalchemy.sql import ClauseElement

from tundish.errors import Misconfigured
from tundish_connectors.sql.dialects import dialect_of
from tundish_connectors.sql.dialects.contract import Dialect, untyped
from tundish_connectors.sql.dialects.sqlserver import SqlServer
from tundish_connectors.sql.reading.selection import after, among, outside
from tundish_connectors.sql.settings import DialectName, SqlConnectionSettings

GOLDEN = Path(__file__).parent / "golden"
COMPILERS: dict[DialectName, Any] = {
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call] # SQLAlchemy types it loosely
    "mariadb": mysql.dialect(),
    "sqlite": sqlite.dialect(),
    "sqlserver": mssql.dialect(),  # type: ignore[no-untyped-call] # as above
    "oracle": oracle.dialect(),  # type: ignore[no-untyped-call] # as above
}
STOCK = Table(
    "stock",
    MetaData(),
    Column("id", String(10)),
    Column("order", Integer),
    Column("Qty", Numeric(10, 2)),
    schema="erp",
)


class Server:
    """Enough of a connection to MySQL 8 for `claiming`."""

    class dialect:  # noqa: N801 - as SQLAlchemy calls it
        """A version that can skip locked rows."""

        is_mariadb = True
        server_version_info = (10, 11, 2)


def statements(name: DialectName) -> str:
    """Every kind of statement, as the dialect says it."""
    dialect, compiler = dialect_of(name), COMPILERS[name]
    if name == "oracle":
        compiler.server_version_info = (19,)
    elif name == "sqlserver":
        compiler._supports_offset_fetch = True
    origin = table("orders", column("changed"), column("id"), column("plant"), schema="erp")
    keys = [origin.c.plant, origin.c.id]
    page = (
        select(origin.c.changed, origin.c.id)
        .where(after([origin.c.changed, origin.c.id], [7, "a"]))
        .order_by(origin.c.changed, origin.c.id)
        .limit(3)
    )
    claim: Select[Any] = select(origin.c.id).where(origin.c.plant == untyped("NEW")).order_by(origin.c.id).limit(3)
    said: dict[str, ClauseElement] = {
        "page": page,
        "claim": dialect.claiming(claim, Server()),  # type: ignore[arg-type] # enough of one
        "keys": select(origin.c.id).where(among(keys, [["a", 1], ["b", 2]])),
        "one key": select(origin.c.id).where(dialect.one_of(origin.c.id, [1, 2])),
        "others": select(origin.c.id).where(outside(keys, ["a", 1], ["b", 2])),
        "insert": insert(STOCK),
        "upsert": dialect.upsert(STOCK, ["id"]),  # type: ignore[dict-item] # executable, and a clause
        "call": text(dialect.call("erp.book", ["id", "qty"])),
    }
    return "".join(f"-- {kind}\n{statement.compile(dialect=compiler)}\n\n" for kind, statement in said.items())


@pytest.mark.parametrize("name", COMPILERS)
def test_statements_are_as_they_were_read(name: DialectName) -> None:
    found = "\n".join(line.rstrip() for line in statements(name).splitlines()) + "\n"
    file = GOLDEN / f"{name}.sql"
    assert found == (file.read_text("utf-8") if file.exists() else ""), f"read it, and put it into {file.name}"


class Told(Exception):
    """An error of pyodbc: SQLSTATE, and a text that ends with the number."""


class OracleTold:
    """What python-oracledb raises as the first argument."""

    def __init__(self, code: str) -> None:
        self.full_code = code
        self.isrecoverable = False


@pytest.mark.parametrize(
    ("dialect", "error", "kind"),
    [
        ("postgresql", psycopg.errors.UniqueViolation("x"), "unique"),
        ("postgresql", psycopg.errors.CheckViolation("x"), "constraint"),
        ("postgresql", psycopg.errors.DeadlockDetected("x"), "busy"),
        ("postgresql", psycopg.errors.SerializationFailure("x"), "busy"),
        ("postgresql", psycopg.errors.QueryCanceled("x"), "busy"),
        ("postgresql", psycopg.errors.DiskFull("x"), "busy"),
        ("postgresql", psycopg.errors.ReadOnlySqlTransaction("x"), "busy"),
        ("postgresql", psycopg.errors.InsufficientPrivilege("x"), "denied"),
        ("postgresql", psycopg.errors.UndefinedTable("x"), "absent"),
        ("postgresql", psycopg.errors.NumericValueOutOfRange("x"), "data"),
        ("postgresql", psycopg.errors.AdminShutdown("x"), "lost"),
        ("postgresql", psycopg.errors.RaiseException("x"), "business"),
        ("postgresql", psycopg.errors.FeatureNotSupported("x"), "other"),
        ("postgresql", psycopg.OperationalError("x"), "lost"),
        ("postgresql", ValueError("x"), "other"),
        ("mariadb", pymysql.err.IntegrityError(1062, "x"), "unique"),
        ("mariadb", pymysql.err.OperationalError(1213, "x"), "busy"),
        ("mariadb", pymysql.err.OperationalError(1205, "x"), "busy"),
        ("mariadb", pymysql.err.OperationalError(4025, "x"), "constraint"),
        ("mariadb", pymysql.err.DataError(1406, "x"), "data"),
        ("mariadb", pymysql.err.OperationalError(1644, "x"), "business"),
        ("mariadb", pymysql.err.OperationalError(1045, "x"), "refused"),
        ("mariadb", pymysql.err.OperationalError(1142, "x"), "denied"),
        ("mariadb", pymysql.err.ProgrammingError(1146, "x"), "absent"),
        ("mariadb", pymysql.err.OperationalError(2013, "x"), "lost"),
        ("mariadb", pymysql.err.InterfaceError(0, ""), "lost"),
        ("mariadb", ConnectionResetError(), "lost"),
        ("mariadb", pymysql.err.OperationalError(9999, "x"), "other"),
        ("sqlite", sqlite3.ProgrammingError("x"), "data"),
        ("sqlite", OverflowError(), "data"),
        ("sqlite", ValueError(), "other"),
        ("sqlserver", Told("23000", "[23000] [Microsoft][SQL Server]Violation … (2627) (SQLExecDirectW)"), "unique"),
        (
            "sqlserver",
            Told("23000", "[23000] … conflicted with the CHECK constraint (547) (SQLExecDirectW)"),
            "constraint",
        ),
        ("sqlserver", Told("40001", "[40001] … was deadlocked (1205) (SQLExecDirectW)"), "busy"),
        ("sqlserver", Told("42000", "[42000] period is closed (50001) (SQLExecDirectW)"), "business"),
        ("sqlserver", Told("08S01", "[08S01] Communication link failure"), "lost"),
        ("sqlserver", Told("HYT00", "[HYT00] Query timeout expired (0) (SQLExecDirectW)"), "busy"),
        ("sqlserver", Told("28000", "[28000] Login failed for user (18456) (SQLDriverConnect)"), "refused"),
        ("oracle", oracledb.DatabaseError(OracleTold("ORA-00001")), "unique"),
        ("oracle", oracledb.DatabaseError(OracleTold("ORA-00060")), "busy"),
        ("oracle", oracledb.DatabaseError(OracleTold("ORA-02290")), "constraint"),
        ("oracle", oracledb.DatabaseError(OracleTold("ORA-20001")), "business"),
        ("oracle", oracledb.DatabaseError(OracleTold("ORA-01017")), "refused"),
        ("oracle", oracledb.DatabaseError(OracleTold("ORA-03113")), "lost"),
        ("oracle", oracledb.DatabaseError(OracleTold("DPY-4011")), "lost"),
        ("oracle", oracledb.DatabaseError(OracleTold("ORA-00942")), "absent"),
        ("oracle", oracledb.DatabaseError("no code"), "other"),
    ],
)
def test_an_error_means_what_its_code_says(dialect: DialectName, error: BaseException, kind: str) -> None:
    assert dialect_of(dialect).reading(error).kind == kind


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("INSERT INTO t VALUES (1)", "unique"),
        ("INSERT INTO t VALUES (NULL)", "constraint"),
        ("SELECT * FROM nowhere", "absent"),
    ],
)
def test_sqlite_says_what_it_means(statement: str, kind: str) -> None:
    session = sqlite3.connect(":memory:")
    session.execute("CREATE TABLE t (id TEXT NOT NULL UNIQUE)")
    session.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(sqlite3.Error) as caught:
        session.execute(statement)
    session.close()
    assert dialect_of("sqlite").reading(caught.value).kind == kind


def settings(dialect: DialectName, **more: Any) -> SqlConnectionSettings:
    """A connection."""
    given = {"dialect": dialect, "host": "db", "database": "mes", "user": "u", "password": "env:SQL_PASSWORD", **more}
    return SqlConnectionSettings.model_validate(given)


@pytest.mark.parametrize("name", [name for name in COMPILERS if name != "sqlite"])
def test_no_address_shows_the_password(name: DialectName, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQL_PASSWORD", "hunter2")
    url, arguments = dialect_of(name).address(settings(name))
    assert "hunter2" not in f"{url} {url!r}"
    assert "hunter2" in (arguments.get("password"), url.password)


def test_tls_is_verified_unless_it_is_dangerous(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQL_PASSWORD", "hunter2")
    dangerous = {"dangerously_skip_verification": True}

    def modes(dialect: Dialect, name: DialectName, pick: str) -> list[object]:
        found: list[object] = []
        for tls in (None, {}, dangerous):
            url, arguments = dialect.address(settings(name, tls=tls))
            found.append({**url.query, **arguments}.get(pick))
        return found

    assert modes(dialect_of("postgresql"), "postgresql", "sslmode") == ["disable", "verify-full", "require"]
    assert modes(SqlServer(), "sqlserver", "Encrypt") == ["no", "yes", "yes"]
    assert modes(SqlServer(), "sqlserver", "TrustServerCertificate") == ["no", "no", "yes"]
    assert modes(dialect_of("oracle"), "oracle", "ssl_server_dn_match") == [None, True, False]
    assert modes(dialect_of("mariadb"), "mariadb", "ssl_disabled") == [True, None, None]
    with pytest.raises(Misconfigured, match="takes no 'ca_file'"):
        SqlServer().address(settings("sqlserver", tls={"ca_file": "ca.pem"}))
