"""PostgreSQL, through psycopg."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import psycopg
from psycopg import Connection as Session
from psycopg.adapt import Loader
from psycopg.types.string import TextLoader
from sqlalchemy import URL, ColumnElement, Connection, Select, Table, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql import Executable

from tundish.errors import AuthFailed, Misconfigured
from tundish.sdk import SILENCE, TlsSettings, client_context
from tundish_connectors.sql.dialects.contract import Dialect, FailureKind, Reading, untyped
from tundish_connectors.sql.settings import SqlConnectionSettings

T = TypeVar("T")

_PORT = 5432
_KINDS: dict[str, FailureKind] = {
    "08": "lost",
    "22": "data",
    "23": "constraint",
    "23505": "unique",
    "25006": "busy",  # a replica that is not the primary yet
    "28": "refused",
    "3D": "absent",
    "3F": "absent",
    "40": "busy",
    "42": "absent",
    "42501": "denied",
    "53": "busy",
    "55006": "busy",
    "55P03": "busy",
    "57014": "busy",  # the time limit of the statement
    "57P": "lost",
    "58": "busy",
    "P0001": "business",
}
"""SQLSTATEs of PostgreSQL 17, appendix A, and their classes; the longest beginning counts."""
_SAID = ":  "
"""So libpq ends the severity of what the server said, in whatever language; its own words have one space there."""
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)


class PostgreSql(Dialect):
    """PostgreSQL 12 or later."""

    name = "PostgreSQL"
    driver = "psycopg"
    extra = "postgresql"
    explain = "EXPLAIN "

    def address(self, settings: SqlConnectionSettings) -> tuple[URL, dict[str, Any]]:
        """Everything is said, so that no variable of the environment (`PGSSLMODE` …) changes it."""
        url = URL.create(
            "postgresql+psycopg",
            username=settings.user,
            host=settings.host,
            port=settings.port or _PORT,
            database=settings.database,
        )
        limit = round(settings.timeout * 1000)
        arguments: dict[str, Any] = {
            "connect_timeout": max(2, round(settings.connect_timeout)),  # libpq takes 1 for 2
            "application_name": "tundish",
            "gssencmode": "disable",
            "client_encoding": "utf8",
            # libpq makes its sockets itself, and asks for the same as `watch_line`.
            "keepalives": 1,
            "keepalives_idle": SILENCE.asked_after,
            "keepalives_interval": SILENCE.asked_every,
            "keepalives_count": SILENCE.asked_times,
            "tcp_user_timeout": SILENCE.longest * 1000,
            "options": f"-c timezone=UTC -c statement_timeout={limit} -c datestyle=ISO",
            **_tls(settings.tls),
        }
        if settings.password is not None:
            arguments["password"] = settings.password.reveal()
        return url, arguments

    def prepare(self, session: Session[Any], settings: SqlConnectionSettings) -> None:
        """Let moments that Python has no type for arrive as text, and all others in less time than psycopg takes."""
        for kind, loader in (("date", _Date), ("timestamp", _Moment), ("timestamptz", _Moment)):
            session.adapters.register_loader(kind, loader)
        # As a timedelta a month would become 30 days.
        session.adapters.register_loader("interval", TextLoader)

    def line(self, session: Session[Any]) -> int | None:
        """That of libpq."""
        try:
            return None if session.closed else session.pgconn.socket
        except psycopg.Error:  # it was lost in between
            return None

    def refusal(self, settings: SqlConnectionSettings) -> AuthFailed | Misconfigured | None:
        """libpq does not say why TLS failed, but by a text."""
        if settings.tls is None or settings.host is None:
            return None
        return _tls_refusal(settings.tls, settings.host, settings.port or _PORT, settings.connect_timeout)

    def reading(self, error: BaseException) -> Reading:
        """By SQLSTATE."""
        if not isinstance(error, psycopg.Error):
            return Reading("other")
        state = error.sqlstate or ""
        if not state and isinstance(error, psycopg.OperationalError):
            # libpq keeps the SQLSTATE of a refused login to itself. A server that asked for the password and then said
            # that it ends the connection refused the login; one that starts up or is full says so before it asks, and
            # a line that breaks meanwhile says nothing.
            asked = error.pgconn is not None and error.pgconn.used_password
            return Reading("refused" if asked and _SAID in str(error) else "lost")
        kind: FailureKind = next((_KINDS[state[:length]] for length in (5, 3, 2) if state[:length] in _KINDS), "other")
        return Reading(kind, state, error.diag.constraint_name or "")

    def upsert(self, table: Table, key: Sequence[str]) -> Executable:
        """ON CONFLICT."""
        statement = insert(table)
        rest = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in key}
        if not rest:
            return statement.on_conflict_do_nothing(index_elements=list(key))
        return statement.on_conflict_do_update(index_elements=list(key), set_=rest)

    def one_of(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """All values as one array, so that the statement has the same text whatever their number."""
        return column == func.any(untyped(values))

    def claiming(self, select: Select[Any], connection: Connection) -> Select[Any]:
        """FOR UPDATE SKIP LOCKED."""
        return select.with_for_update(skip_locked=True)

    def is_encrypted(self, connection: Connection) -> bool | None:
        """By the server's own view of this session."""
        return bool(connection.scalar(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")))


def _tls(tls: TlsSettings | None) -> dict[str, Any]:
    if tls is None:
        return {"sslmode": "disable"}
    if tls.dangerously_skip_verification:
        return {"sslmode": "require", "sslrootcert": "", **_identity(tls)}
    # The context is made to have the files looked at, with messages that name them; libpq reads them by itself.
    client_context(tls)
    authorities = "system" if tls.ca_file is None else str(tls.ca_file)
    return {"sslmode": "verify-full", "sslrootcert": authorities, "sslcrl": "", **_identity(tls)}


def _identity(tls: TlsSettings) -> dict[str, Any]:
    if tls.certificate is None:
        return {"sslcert": "", "sslkey": ""}
    given = {"sslcert": str(tls.certificate), "sslkey": str(tls.key or tls.certificate)}
    return {**given, "sslpassword": tls.key_password.reveal()} if tls.key_password else given


def _tls_refusal(tls: TlsSettings, host: str, port: int, within: float) -> AuthFailed | Misconfigured | None:
    """Greet the server once more, with Python's own TLS, which says why it does not trust."""
    try:
        with socket.create_connection((host, port), within) as plain:
            plain.sendall(_SSL_REQUEST)
            if plain.recv(1) == b"N":
                return Misconfigured(f"{host}:{port} offers no TLS", "switch it on there, or remove 'tls'")
            with client_context(tls).wrap_socket(plain, server_hostname=host):
                return None
    except ssl.SSLCertVerificationError as error:
        return AuthFailed(f"{host}:{port} is not trusted: {error.verify_message}")
    except (OSError, ssl.SSLError):
        return None


class _Date(Loader):
    def load(self, data: Any) -> date | str:
        return _read(date.fromisoformat, data)


class _Moment(Loader):
    """With a zone it is UTC, as the session is."""

    def load(self, data: Any) -> datetime | str:
        return _read(datetime.fromisoformat, data)


def _read(read: Callable[[str], T], data: Any) -> T | str:
    """Of `infinity`, and of what lies outside Python's calendar, the text."""
    text = bytes(data).decode()
    try:
        return read(text)
    except ValueError:
        return text
