"""Units and journals for the tests of the journal."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tundish.journal import (
    Journal,
    JournalReader,
    Limits,
    NewDeadLetter,
    NewMessage,
    NewUnit,
    SqliteJournal,
    SqliteReader,
    open_journal,
)

SMALL = Limits(ballast=0, min_free=0)
"""No ballast, so that hundreds of journals are cheap."""


KEEP_THE_CONTRACT: tuple[type[Journal], type[JournalReader]] = (SqliteJournal, SqliteReader)
"""mypy compares them with the protocols here."""


class Clock:
    """A wall clock that a test moves."""

    def __init__(self, now: int = 1_700_000_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@asynccontextmanager
async def journal_in(
    folder: Path, *, limits: Limits = SMALL, clock: Clock | None = None, accept_loss: bool = False
) -> AsyncIterator[SqliteJournal]:
    """An open journal, closed at the end."""
    journal = await open_journal(folder, limits=limits, clock=clock or Clock(), accept_loss=accept_loss)
    try:
        yield journal
    finally:
        await journal.close()


def copy_of_the_living(folder: Path, copy: Path) -> Path:
    """The files of a running journal as a crash leaves them; the mark first, for it must not be ahead of the log."""
    copy.mkdir()
    for name in ("journal.hwm", "journal.db", "journal.db-wal"):
        shutil.copy(folder / name, copy / name)
    return copy


async def route(journal: SqliteJournal, name: str = "confirmations") -> int:
    """A registered route version."""
    return await journal.register_route(name, name.encode()[:16].ljust(16), f"route: {name}")


def message(
    text: str = "a",
    *,
    key: str = "4711",
    once: str | None = None,
    to: tuple[str, ...] = ("erp",),
    find: tuple[tuple[str, str], ...] = (),
) -> NewMessage:
    """A message whose payload and digest follow from `text`."""
    return NewMessage(
        key=key,
        digest=text.encode().ljust(16)[:16],
        payload=f'{{"text":"{text}"}}'.encode(),
        destinations=to,
        once=None if once is None else once.encode().ljust(16)[:16],
        find=find,
    )


def unit(
    version: int,
    *messages: NewMessage,
    body: bytes = b"",
    dead: tuple[NewDeadLetter, ...] = (),
    cursor: tuple[str, bytes] | None = None,
    reference: str = "",
) -> NewUnit:
    """A unit of these messages."""
    return NewUnit(
        route_version=version,
        received=1_600_000_000_000,
        meta=b'{"topic":"line1"}',
        body=body,
        messages=messages,
        dead_letters=dead,
        cursor=cursor,
        reference=reference,
    )


async def accept(journal: SqliteJournal, version: int, *messages: NewMessage) -> int:
    """Accept one unit; the sequence number of its first message."""
    accepted = await journal.accept(unit(version, *messages))
    return accepted.seqs[0]
