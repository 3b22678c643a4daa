"""Opening: who owns a journal, what was lost, what was in flight, what a wrong clock does."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest

from tests.unit.journal.making import SMALL, Clock, accept, copy_of_the_living, journal_in, message, route
from tundish.errors import JournalCorrupt, JournalError, JournalLocked, JournalLost
from tundish.journal import Limits, Selection, open_journal, open_reader

pytestmark = pytest.mark.anyio


async def with_two_messages(folder: Path) -> None:
    async with journal_in(folder) as journal:
        version = await route(journal)
        await accept(journal, version, message("a"))
        await accept(journal, version, message("b"))


async def test_two_daemons_cannot_have_one_journal(tmp_path: Path) -> None:
    async with journal_in(tmp_path):
        with pytest.raises(JournalLocked, match="owns this journal; stop it, or name another data folder"):
            await open_journal(tmp_path, limits=SMALL)
    async with journal_in(tmp_path) as again:
        assert not again.crashed


async def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    await with_two_messages(tmp_path)
    async with journal_in(tmp_path) as journal:
        assert await accept(journal, await route(journal), message("c")) == 3


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        ("older", "messages 2 to 2 were acknowledged and are missing"),
        ("no mark", "journal.hwm: absent"),
        ("no database", "journal.db: absent"),
        ("empty database", "journal.db: absent"),
        ("unreadable mark", "not readable as a high-water mark"),
        ("another journal", "belongs to another journal"),
    ],
)
async def test_a_journal_that_lost_something_starts_only_when_told_to(tmp_path: Path, damage: str, text: str) -> None:
    folder, older = tmp_path / "journal", tmp_path / "older"
    async with journal_in(folder) as journal:
        await accept(journal, await route(journal), message("a"))
    shutil.copytree(folder, older)
    async with journal_in(folder) as journal:
        await accept(journal, await route(journal), message("b"))
    if damage == "older":
        shutil.copy(older / "journal.db", folder)
    elif damage == "no mark":
        (folder / "journal.hwm").unlink()
    elif damage == "no database":
        (folder / "journal.db").unlink()
    elif damage == "empty database":
        (folder / "journal.db").write_bytes(b"")
    elif damage == "unreadable mark":
        (folder / "journal.hwm").write_bytes((folder / "journal.hwm").read_bytes().replace(b" 2 ", b" 1 ", 1))
    else:
        await with_two_messages(tmp_path / "other")
        shutil.copy(tmp_path / "other" / "journal.db", folder)
    with pytest.raises(JournalLost, match=text) as refused:
        await open_journal(folder, limits=SMALL)
    assert "--accept-loss" in str(refused.value)
    async with journal_in(folder, accept_loss=True) as journal:
        # A number that may have been given out is never given out again.
        assert await accept(journal, await route(journal), message("c")) == 3
    async with journal_in(folder):
        pass


async def test_a_crash_counts_what_was_in_flight(tmp_path: Path) -> None:
    crashed = tmp_path / "crashed"
    async with journal_in(tmp_path / "journal") as journal:
        version = await route(journal)
        for text in "abc":
            await accept(journal, version, message(text))
        journal.started(1, "erp")
        journal.started(2, "erp")
        journal.started(3, "")
        await journal.retry(2, "erp", 0, "Transient", "503")
        await journal.flush()
        copy_of_the_living(tmp_path / "journal", crashed)
    for crash in (1, 2):
        async with journal_in(crashed) as journal:
            assert journal.crashed is (crash == 1)
            deliveries = await journal.open_deliveries("confirmations", after=0, limit=10)
            assert [(d.seq, d.attempts, d.crashes) for d in deliveries] == [(1, 0, 1), (2, 1, 0), (3, 0, 1)]


async def test_a_mark_that_is_overtaken_in_the_same_batch_is_not_written(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        seq = await accept(journal, await route(journal), message("a", to=("erp", "historian")))
        journal.started(seq, "erp")
        await journal.done(seq, "erp", "delivered")
        (left,) = await journal.open_deliveries("confirmations", after=0, limit=10)
        assert (left.destination, left.crashes) == ("historian", 0)


async def test_a_due_time_from_a_wrong_clock_is_clamped(tmp_path: Path) -> None:
    clock = Clock()
    async with journal_in(tmp_path, clock=clock, limits=Limits(ballast=0, longest_wait=600)) as journal:
        seq = await accept(journal, await route(journal), message("a"))
        await journal.retry(seq, "erp", clock.now + 10 * 365 * 86_400_000, "Transient", "503")
        (delivery,) = await journal.open_deliveries("confirmations", after=0, limit=10)
        assert delivery.next_at == clock.now + 600_000


async def test_another_database_is_not_taken_for_a_journal(tmp_path: Path) -> None:
    await with_two_messages(tmp_path)
    connection = apsw.Connection(str(tmp_path / "journal.db"))
    connection.execute("PRAGMA application_id=1")
    connection.close()
    with pytest.raises(JournalCorrupt, match="not a journal of Tundish"):
        await open_journal(tmp_path, limits=SMALL)
    with pytest.raises(JournalCorrupt, match="not a journal of Tundish"):
        open_reader(tmp_path)


async def test_a_newer_journal_is_refused(tmp_path: Path) -> None:
    await with_two_messages(tmp_path)
    connection = apsw.Connection(str(tmp_path / "journal.db"))
    connection.execute("PRAGMA user_version=2")
    connection.close()
    with pytest.raises(JournalError, match="version 2, this Tundish knows version 1"):
        await open_journal(tmp_path, limits=SMALL)


async def test_a_delivery_that_vanished_is_noticed_and_can_be_written_off(tmp_path: Path) -> None:
    await with_two_messages(tmp_path)
    connection = apsw.Connection(str(tmp_path / "journal.db"))
    connection.execute("DELETE FROM delivery WHERE seq=1")
    connection.close()
    with pytest.raises(JournalLost, match="2 deliveries, and 1 of them have no fate"):
        await open_journal(tmp_path, limits=SMALL)
    async with journal_in(tmp_path, accept_loss=True) as journal:
        (totals,) = await journal.ask(lambda reader: reader.totals())
        assert (totals.lost, totals.open, totals.balanced) == (1, 1, True)
        (wrong,) = await journal.ask(lambda reader: reader.audit_balance())
        assert wrong == "message 1 was given to erp, but has fates for nothing"


async def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
    for call in (accept(journal, version, message("a")), journal.message_of(1), journal.flush()):
        with pytest.raises(JournalError, match="the journal is closed"):
            await call
    await journal.close()
    with open_reader(tmp_path) as reader:
        assert reader.messages(Selection()) == []
