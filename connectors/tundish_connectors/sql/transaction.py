"""One transaction in a thread: begun, worked on, committed; it can be broken off from outside."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine, exc

from tundish.sdk import TENDED_EVERY
from tundish_connectors.sql.dialects.contract import Dialect
from tundish_connectors.sql.failures import SqlFailure, failure_of

T = TypeVar("T")

_DOUBTFUL = 5.0
"""Seconds after which a quiet session is asked whether it is still there before it is used."""
_SILENT = 3.0
"""Seconds without an answer after which its server is gone; to connect once more would take as long again."""
_USED = "tundish.used"


class Transaction(Generic[T]):
    """Called once, in a thread."""

    def __init__(self, engine: Engine, dialect: Dialect, work: Callable[[Connection], T]) -> None:
        self._engine = engine
        self._dialect = dialect
        self._work = work
        self._lock = threading.Lock()
        self._driver: Any = None
        self._abandoned = False
        self.committing = False
        """It is being committed, so from here on nobody knows what became of it until the server answers."""

    def __call__(self) -> T:
        """The result of the work. Raises SqlFailure, and what the work raises."""
        try:
            with self._session() as session:
                result = self._work(session)
                self.committing = True
                session.commit()
                return result
        except (exc.SQLAlchemyError, OSError, EOFError) as error:
            raise failure_of(error, self._dialect, committing=self.committing) from error

    def abandon(self) -> None:
        """End it from another thread: whatever it waits for fails now."""
        with self._lock:
            self._abandoned = True
            if self._driver is not None:
                self._dialect.break_off(self._driver)

    def tend(self) -> None:
        """While somebody waits for it: its server may live and take its time."""
        with self._lock:
            if self._driver is not None and not self._abandoned:
                self._dialect.tend(self._driver)

    @contextmanager
    def _session(self) -> Iterator[Connection]:
        with self._engine.connect() as session:
            try:
                self._hold(session)
                self._greet(session)
                yield session
            finally:
                # The session goes back to the pool, where the next one must not be hit by a late `abandon`.
                with self._lock:
                    self._driver = None

    def _hold(self, session: Connection) -> None:
        with self._lock:
            if self._abandoned:
                raise SqlFailure("lost", "it was given up before it began")
            self._driver = session.connection.dbapi_connection

    def _greet(self, session: Connection) -> None:
        used = session.connection.info.get(_USED)
        session.connection.info[_USED] = now = time.monotonic()
        if used is None or now - used < _DOUBTFUL:
            return
        try:
            self._engine.dialect.do_ping(self._driver)
        except Exception as error:  # whatever it says, the session is of no use, and a new one tells why
            with self._lock:
                self._driver = None
            session.invalidate()
            if time.monotonic() - now > _SILENT:
                text = failure_of(error, self._dialect, committing=False).text
                raise SqlFailure("lost", f"nobody answers on a quiet line: {text}") from error
            self._hold(session)


class Running(Generic[T]):
    """A transaction that was begun; whoever began it either asks for its result or abandons it."""

    def __init__(self, transaction: Transaction[T], future: Future[T], *, limit: float, connecting: float) -> None:
        self._transaction = transaction
        self._future = future
        self._limit = limit
        self._connecting = connecting

    async def result(self) -> T:
        """Wait for it. Raises SqlFailure, and what its work raises. Whoever is cancelled meanwhile breaks it off."""
        waiting = asyncio.wrap_future(self._future)
        try:
            async with asyncio.timeout(self._limit + self._connecting):
                while not (await asyncio.wait([waiting], timeout=TENDED_EVERY))[0]:
                    self._transaction.tend()
                return waiting.result()
        except TimeoutError:
            self.abandon()
            text = f"no answer within {self._limit:g} s"
            raise SqlFailure("lost", text, committing=self._transaction.committing) from None
        except asyncio.CancelledError:
            self.abandon()
            raise
        finally:
            waiting.cancel()

    def abandon(self) -> None:
        """Break it off; does nothing where it has ended."""
        self._transaction.abandon()
