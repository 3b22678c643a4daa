"""What the connector must know about a database beyond what SQLAlchemy knows."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from sqlalchemy import URL, BindParameter, ColumnElement, Connection, Select, Table, bindparam, types
from sqlalchemy.sql import Executable

from tundish.errors import AuthFailed, Misconfigured
from tundish.faults import Fault
from tundish.sdk import tend_line
from tundish_connectors.sql.settings import SqlConnectionSettings

FailureKind = Literal[
    "lost", "refused", "busy", "unique", "constraint", "data", "business", "denied", "absent", "other"
]
"""`lost`: the server is gone. `refused`: it does not let us in. `busy`: a deadlock, a lock, a full disk; it may work
later. `unique`, `constraint`: the row breaks one. `data`: a value does not fit. `business`: a procedure or trigger
raised an error of its own. `denied`: a right is missing. `absent`: a table, column or procedure does not exist."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an error of a driver says."""

    kind: FailureKind
    code: str = ""
    """SQLSTATE or number, as the database has it."""
    constraint: str = ""
    """The constraint that was broken, where the database told."""


class Dialect(ABC):
    """One database product. Instances hold no state."""

    name: ClassVar[str]
    """The product, for people."""
    driver: ClassVar[str]
    """The module that speaks its protocol."""
    extra: ClassVar[str]
    """The extra that brings the driver."""

    @abstractmethod
    def address(self, settings: SqlConnectionSettings) -> tuple[URL, dict[str, Any]]:
        """Where to connect, and the driver's arguments, the password among them.

        Raises Misconfigured for TLS settings that the driver cannot fulfil, MissingSecret.
        """

    @abstractmethod
    def reading(self, error: BaseException) -> Reading:
        """What an error of the driver means, by its class and code, never by its text."""

    def prepare(self, session: Any, settings: SqlConnectionSettings) -> None:  # noqa: B027 - some need nothing
        """Set a new session up: UTC, and a limit for each statement. `session` is the driver's."""

    def line(self, session: Any) -> int | None:
        """The descriptor of a session's socket, where the driver lets us have it and we watch over it."""
        return None

    def tend(self, session: Any) -> None:
        """While a session waits for its server, from another thread: spare one that lives and takes nothing more."""
        with contextlib.suppress(OSError), _ours(self.line(session)) as line:
            tend_line(line)

    def break_off(self, session: Any) -> None:
        """End what a session does, from another thread. It is of no use afterwards.

        Some drivers have a limit of their own only. The driver still closes its socket; a thread that reads from it
        would not wake up by that.
        """
        with contextlib.suppress(OSError), _ours(self.line(session)) as line:
            line.shutdown(socket.SHUT_RDWR)

    def refusal(self, settings: SqlConnectionSettings) -> AuthFailed | Misconfigured | None:
        """After a failed attempt to connect whose reason the driver did not tell: look at the server once more.

        Gives AuthFailed or Misconfigured, or None where the server is simply not there.
        """
        return None

    @abstractmethod
    def upsert(self, table: Table, key: Sequence[str]) -> Executable:
        """Insert a row, or update the one with the same key. Its parameters are named as the columns."""

    def one_of(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """The condition that a column has one of these values, which the database converts to what it is."""
        return column.in_(untyped(values, many=True))

    def claiming(self, select: Select[Any], connection: Connection) -> Select[Any]:
        """The selection of rows to claim: locked, without those that others have locked, where the database can."""
        return select

    def call(self, procedure: str, arguments: Sequence[str]) -> str:
        """The statement that calls a procedure with named arguments, each bound to a parameter `p0`, `p1` …"""
        named = ", ".join(f"{name} => :p{number}" for number, name in enumerate(arguments))
        return f"CALL {procedure}({named})"

    explain: ClassVar[str] = ""
    """What stands before a statement to have its rights looked at without running it; empty where there is none."""
    clock: ClassVar[str] = "SELECT CURRENT_TIMESTAMP"
    """Asks for the server's time in a session that runs in UTC."""

    def is_encrypted(self, connection: Connection) -> bool | None:
        """Whether TLS is in use; None where nobody tells."""
        return None

    def table_faults(self, connection: Connection, table: str) -> Sequence[Fault]:
        """What only this database gets wrong about a table."""
        return ()

    def utc(self, column: Mapping[str, Any]) -> bool:
        """Whether a column of a result holds times in UTC although the driver gives them no zone."""
        return False


def _ours(descriptor: int | None) -> socket.socket:
    """The same socket under a descriptor of our own. Raises OSError where there is none."""
    if descriptor is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return socket.socket(fileno=os.dup(descriptor))


def untyped(value: Any, *, many: bool = False) -> BindParameter[Any]:
    """A value, or a list of values, without a type of ours: the database converts it to what it is compared with."""
    return bindparam(None, value, type_=types.NullType(), unique=True, expanding=many)
