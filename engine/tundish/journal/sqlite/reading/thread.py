"""Reads of the daemon, in a thread and on a connection of their own, so that none waits for a sync."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import apsw

from tundish.errors import JournalCorrupt, JournalError
from tundish.journal.sqlite.answers import Answer, Future, complete
from tundish.journal.sqlite.faults import as_journal_error
from tundish.journal.sqlite.reading.reader import SqliteReader

T = TypeVar("T")


class ReadingThread:
    """Answers queries in their order; one wake-up of the loop for whatever had queued."""

    def __init__(self, folder: Path, vfs: str, on_fatal: Callable[[JournalError], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._folder = folder
        self._vfs = vfs
        self._on_fatal = on_fatal
        self._queue: deque[tuple[Callable[[SqliteReader], Any], Future]] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._ended: Future = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="tundish-journal-reads", daemon=True)
        self._thread.start()

    async def ask(self, query: Callable[[SqliteReader], T]) -> T:
        """Raises what the query raises; JournalCorrupt and errors of the disk also reach `on_fatal`."""
        if self._closing:
            raise JournalError("the journal is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.append((query, future))
        if not self._wake.is_set():
            self._wake.set()
        return await future

    async def close(self) -> None:
        """Answer what has queued, then end; harmless when called again."""
        self._closing = True
        self._wake.set()
        await self._ended

    def _run(self) -> None:
        reader: SqliteReader | None = None
        while True:
            self._wake.wait()
            self._wake.clear()
            answers: list[Answer] = []
            while self._queue:
                query, future = self._queue.popleft()
                try:
                    reader = reader or SqliteReader(self._folder, vfs=self._vfs)
                    answers.append((future, query(reader), None))
                except Exception as error:  # noqa: BLE001 - the one who asked gets it
                    answers.append((future, None, self._judge(error)))
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(complete, answers)
            if self._closing and not self._queue:
                break
        if reader is not None:
            reader.close()
        ended: list[Answer] = [(self._ended, None, None)]
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(complete, ended)

    def _judge(self, error: Exception) -> Exception:
        if not isinstance(error, (apsw.Error, UnicodeDecodeError, JournalCorrupt)):
            return error
        fault = as_journal_error(error, self._folder)
        if not isinstance(error, (apsw.BusyError, apsw.InterruptError)):
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._on_fatal, fault)
        return fault
