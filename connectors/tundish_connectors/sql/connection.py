"""What the routes share that use one database: a pool of sessions, and the threads that wait for them."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from sqlalchemy import Connection as Session
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from tundish.errors import AuthFailed, Misconfigured, MissingExtra, NotConnected
from tundish.faults import Fault
from tundish.sdk import Connection, Context, tls_faults
from tundish_connectors.sql.checking.clock import clock_faults
from tundish_connectors.sql.dialects import dialect_of
from tundish_connectors.sql.dialects.contract import Dialect
from tundish_connectors.sql.failures import SqlFailure, opening_error
from tundish_connectors.sql.json_text import from_json, to_json
from tundish_connectors.sql.settings import SqlConnectionSettings
from tundish_connectors.sql.transaction import Running, Transaction

T = TypeVar("T")

# The pool tells of every session that breaks, which its user is told anyhow; without this it would go to stderr.
logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())

_SPARE = 2.0
"""Seconds by which our patience is longer than that of the server and the driver."""
_RECYCLE = 1800
"""Seconds after which a session is replaced: firewalls forget quiet connections."""
_CLOSE_WITHIN = 2.0
_LOCAL = {"127.0.0.1", "::1", "localhost"}


class SqlConnection(Connection[SqlConnectionSettings]):
    """Runs transactions, each in a thread of its own and in a session of the pool.

    The drivers are synchronous, because only so all five databases are spoken to alike. A transaction that was given up
    leaves no thread behind, because its socket is ended.
    """

    def __init__(self, settings: SqlConnectionSettings, context: Context) -> None:
        """Raises MissingExtra where the driver is not installed."""
        super().__init__(settings, context)
        self.dialect = _loaded(settings)
        self._engine: Engine | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._running: dict[Future[Any], Transaction[Any]] = {}

    @property
    def where(self) -> str:
        """The database, for people."""
        settings = self.settings
        return str(settings.file) if settings.file else f"{self.dialect.name} {settings.host}/{settings.database}"

    async def open(self) -> None:
        """Make the pool; nobody connects yet. Raises Misconfigured or MissingSecret."""
        await self.close()
        settings, dialect = self.settings, self.dialect
        url, arguments = dialect.address(settings)
        self._engine = engine = create_engine(
            url,
            connect_args=arguments,
            poolclass=QueuePool,
            pool_size=settings.connections,
            max_overflow=0,
            pool_timeout=settings.timeout,
            pool_recycle=_RECYCLE,
            hide_parameters=True,
            json_serializer=to_json,
            json_deserializer=from_json,
        )

        def prepare(session: Any, _: object) -> None:
            dialect.prepare(session, settings)

        event.listen(engine, "connect", prepare)
        self._threads = ThreadPoolExecutor(settings.connections, thread_name_prefix=self.context.name)

    async def close(self) -> None:
        """Break off what runs, and close every session."""
        engine, threads = self._engine, self._threads
        self._engine = self._threads = None
        running = dict(self._running)
        for transaction in running.values():
            transaction.abandon()
        if engine is not None and threads is not None:
            closed = threads.submit(_end, engine, tuple(running))
            threads.shutdown(wait=False)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_WITHIN):
                    await asyncio.wrap_future(closed)

    async def check(self) -> Sequence[Fault]:
        """Look whether the line is encrypted, and at the server's clock."""
        settings, dialect = self.settings, self.dialect

        def look(session: Session) -> list[Fault]:
            faults = [*tls_faults(settings.tls), *clock_faults(session, dialect)]
            if settings.host and settings.host not in _LOCAL and dialect.is_encrypted(session) is False:
                text = f"the line to {settings.host} is not encrypted, and the password goes over it"
                faults.append(Fault("tls", text, "add 'tls: {}'"))
            return faults

        try:
            return await self.run(look)
        except SqlFailure:
            # Whoever uses this connection says so, and tries again.
            return ()

    async def run(self, work: Callable[[Session], T]) -> T:
        """Run a transaction, in which `work` uses the session, and commit it.

        Raises SqlFailure, NotConnected where the connection is closed, and what `work` raises. Whoever is cancelled
        meanwhile breaks it off.
        """
        return await self.begin(work).result()

    def begin(self, work: Callable[[Session], T]) -> Running[T]:
        """The same while the caller does something else. Raises NotConnected where the connection is closed."""
        engine, threads = self._engine, self._threads
        if engine is None or threads is None:
            raise NotConnected(f"{self.where} is closed")
        transaction = Transaction(engine, self.dialect, work)
        future = threads.submit(transaction)
        self._running[future] = transaction
        future.add_done_callback(self._forget)
        limit = self.settings.timeout + _SPARE
        return Running(transaction, future, limit=limit, connecting=self.settings.connect_timeout)

    def _forget(self, ended: Future[Any]) -> None:
        self._running.pop(ended, None)

    async def opened(self, work: Callable[[Session], T]) -> T:
        """The same for a component that opens. Raises NotConnected, AuthFailed or Misconfigured."""
        try:
            return await self.run(work)
        except SqlFailure as failure:
            if failure.kind == "lost":
                known = await self._refusal()
                if known is not None:
                    raise known from failure
            raise opening_error(failure, self.where) from failure

    async def _refusal(self) -> AuthFailed | Misconfigured | None:
        threads = self._threads
        if threads is None:
            return None
        return await asyncio.wrap_future(threads.submit(self.dialect.refusal, self.settings))


def _end(engine: Engine, running: Collection[Future[Any]]) -> None:
    """Close every session, after those that are in use came back to the pool: nobody would close them later."""
    wait(running, _CLOSE_WITHIN)
    engine.dispose()


def _loaded(settings: SqlConnectionSettings) -> Dialect:
    try:
        dialect = dialect_of(settings.dialect)
        importlib.import_module(dialect.driver)
    except ModuleNotFoundError as error:
        raise MissingExtra(f"'dialect: {settings.dialect}'", settings.dialect) from error
    except ImportError as error:
        raise Misconfigured(
            f"the driver for {settings.dialect} cannot be loaded: {error}",
            "install the system library that it names; SQL Server needs unixODBC and Microsoft's ODBC driver 18",
        ) from error
    return dialect
