"""Which error stops a journal, which one waits, and what is said about it."""

from __future__ import annotations

import errno
from pathlib import Path

import apsw
import pytest

from tests.unit.journal.making import SMALL, accept, journal_in, message, route
from tundish.errors import JournalCorrupt, JournalError
from tundish.journal import open_journal
from tundish.journal.sqlite.faults import as_journal_error, fault_kind

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("error", "system_errno", "kind"),
    [
        (apsw.exception_for(apsw.SQLITE_FULL), 0, "full"),
        (apsw.exception_for(apsw.SQLITE_BUSY), 0, "full"),
        (apsw.exception_for(apsw.SQLITE_IOERR_WRITE), errno.EIO, "fatal"),
        (apsw.exception_for(apsw.SQLITE_IOERR_WRITE), errno.EDQUOT, "full"),
        (apsw.exception_for(apsw.SQLITE_IOERR_FSYNC), errno.ENOSPC, "fatal"),
        (apsw.exception_for(apsw.SQLITE_CORRUPT), 0, "fatal"),
        (apsw.exception_for(apsw.SQLITE_CONSTRAINT), 0, "refused"),
        (OSError(errno.ENOSPC, "no space"), 0, "full"),
        (OSError(errno.EIO, "input/output error"), 0, "fatal"),
        (JournalCorrupt("x"), 0, "fatal"),
        (JournalError("x"), 0, "refused"),
        (KeyError("x"), 0, "refused"),
    ],
)
def test_kinds(error: Exception, system_errno: int, kind: str) -> None:
    assert fault_kind(error, system_errno) == kind


def test_every_error_names_the_journal_and_a_cure() -> None:
    folder = Path("/data/dresden")
    for error in (apsw.exception_for(apsw.SQLITE_NOTADB), apsw.exception_for(apsw.SQLITE_IOERR), JournalCorrupt("row")):
        assert str(as_journal_error(error, folder)).startswith(str(folder))
    assert isinstance(as_journal_error(apsw.exception_for(apsw.SQLITE_NOTADB), folder), JournalCorrupt)


async def test_a_wrong_checksum_stops_the_journal_and_is_told_once(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        await accept(journal, await route(journal), message("a"))
    connection = apsw.Connection(str(tmp_path / "journal.db"))
    connection.execute("UPDATE msg SET payload=x'00'")
    connection.close()
    told: list[JournalError] = []
    journal = await open_journal(tmp_path, limits=SMALL, on_fatal=told.append)
    for _ in range(2):
        with pytest.raises(JournalCorrupt, match="message 1 in the journal does not match its checksum"):
            await journal.message_of(1)
    with pytest.raises(JournalCorrupt, match="checksum"):
        await accept(journal, 1, message("b"))
    await journal.close()
    assert len(told) == 1


async def test_a_message_that_left_only_traces_is_damage(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        for text in "abcd":
            await accept(journal, version, message(text))
        await journal.done(2, "erp", "delivered")
        await journal.bury(3, "erp", "Rejected", "400")
    connection = apsw.Connection(str(tmp_path / "journal.db"))
    connection.execute("DELETE FROM msg WHERE seq<4")
    connection.close()
    async with journal_in(tmp_path) as journal:
        for seq in (1, 2, 3):
            with pytest.raises(JournalCorrupt, match=f"message {seq} has deliveries and is absent"):
                await journal.message_of(seq)
        assert await journal.message_of(5) is None


async def test_lost_names_are_damage(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        await accept(journal, await route(journal), message("a"))
    connection = apsw.Connection(str(tmp_path / "journal.db"))
    connection.execute("DELETE FROM fan_out")
    async with journal_in(tmp_path) as journal:
        with pytest.raises(JournalCorrupt, match="no list of destinations 1; stop the daemon"):
            await journal.message_of(1)
    connection.execute("INSERT INTO fan_out VALUES(1, '[\"unheard of\"]')")
    connection.close()
    with pytest.raises(JournalCorrupt, match="list of destinations 1 is damaged; stop the daemon"):
        await open_journal(tmp_path, limits=SMALL)
