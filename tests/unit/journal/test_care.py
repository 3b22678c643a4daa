"""Retention, quota, backup, setting aside and salvage."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from tests.unit.journal.making import Clock, accept, journal_in, message, route, unit
from tundish.errors import JournalCorrupt, JournalError, JournalFull, JournalLocked
from tundish.journal import (
    Limits,
    NewDeadLetter,
    Purged,
    Selection,
    SqliteJournal,
    back_up,
    open_reader,
    salvage,
    set_aside,
)

pytestmark = pytest.mark.anyio
DAY = 86_400_000


async def test_done_messages_go_after_their_age_and_open_ones_stay(tmp_path: Path) -> None:
    clock = Clock()
    async with journal_in(tmp_path, clock=clock) as journal:
        version = await route(journal)
        for i in range(1200):
            await accept(journal, version, message(str(i), find=(("order", str(i)),)))
            if i not in {3, 700}:
                await journal.done(i + 1, "erp", "delivered")
        await journal.bury(701, "erp", "Rejected", "400")
        clock.now += 10 * DAY
        await accept(journal, version, message("young"))
        assert await journal.purge(keep=5 * 86400) == Purged(), "a clock that jumped is not believed at once"
        assert (await journal.purge(keep=5 * 86400)).messages == 1198
        assert (await journal.purge(keep=5 * 86400)).messages == 0
    with open_reader(tmp_path) as reader:
        assert [m.seq for m in reader.messages(Selection())] == [1201, 701, 4]
        assert [m.seq for m in reader.messages(Selection(find=("order", "700")))] == [701]
        (totals,) = reader.totals()
        assert (totals.accepted, totals.delivered, totals.open, totals.dead) == (1201, 1198, 2, 1)
        assert reader.verify() == []


async def test_the_first_message_of_a_unit_goes_last(tmp_path: Path) -> None:
    clock = Clock()
    async with journal_in(tmp_path, clock=clock) as journal:
        version = await route(journal)
        await journal.accept(unit(version, message("a"), message("b"), message("c"), body=b"abc"))
        await accept(journal, version, message("newest"))
        for seq in (1, 3):
            await journal.done(seq, "erp", "delivered")
        clock.now += 10 * DAY
        await journal.purge(keep=86400)
        assert (await journal.purge(keep=86400)).messages == 1
        second = await journal.message_of(2)
        assert second is not None
        assert second.body == b"abc"
        await journal.done(2, "erp", "delivered")
        assert (await journal.purge(keep=86400)).messages == 2
        assert await journal.message_of(1) is None


async def test_find_values_go_with_the_last_message_of_their_bucket(tmp_path: Path) -> None:
    clock = Clock()
    async with journal_in(tmp_path, clock=clock) as journal:
        version = await route(journal)
        await accept(journal, version, message("a", find=(("order", "1"), ("item", "2"))))
        await journal.done(1, "erp", "delivered")
    connection = apsw.Connection(str(tmp_path / "journal.db"))
    connection.execute("UPDATE meta SET value=70000 WHERE name='floor'")
    connection.close()
    async with journal_in(tmp_path, clock=clock) as journal:
        await accept(journal, version, message("b"))
        clock.now += 10 * DAY
        await journal.purge(keep=86400)
        assert await journal.purge(keep=86400) == Purged(messages=1, find_values=2)


async def test_once_keys_are_known_for_the_promised_time_and_then_forgotten(tmp_path: Path) -> None:
    clock = Clock()
    limits = Limits(ballast=0, keep_once=7 * 86400)
    async with journal_in(tmp_path, clock=clock, limits=limits) as journal:
        version = await route(journal)
        first = await accept(journal, version, message("a", once="1"))
        for day in range(1, 8):
            clock.now += DAY
            await accept(journal, version, message(f"other {day}", once=f"other {day}"))
            await journal.purge(keep=1e9)
            assert await accept(journal, version, message("a", once="1")) == first, f"day {day}"
        clock.now += 2 * DAY
        for i in range(2):
            clock.now += DAY
            await accept(journal, version, message(f"last {i}", once=f"last {i}"))
        assert (await journal.purge(keep=1e9)).once_keys >= 1
        assert await accept(journal, version, message("a", once="1")) > first


@pytest.mark.parametrize("years", [-10, 10])
async def test_a_clock_that_jumps_forgets_no_once_key(tmp_path: Path, years: int) -> None:
    clock = Clock()
    async with journal_in(tmp_path, clock=clock) as journal:
        version = await route(journal)
        first = await accept(journal, version, message("a", once="1"))
        for jump in (years, -years, years):
            clock.now += jump * 365 * DAY
            await accept(journal, version, message(f"{jump}{clock.now}"))
            await journal.purge(keep=30 * 86400)
            assert await accept(journal, version, message("a", once="1")) == first


async def accept_until_full(journal: SqliteJournal, version: int) -> int:
    """How many units of 1 000 bytes were accepted."""
    for accepted in range(2000):
        try:
            await journal.accept(unit(version, message(str(accepted)), body=bytes(1000)))
        except JournalFull as full:
            assert "of its quota of 1 MiB; close dead letters" in str(full)  # noqa: PT017 - how many were accepted matters too
            return accepted
    raise AssertionError("the quota was never reached")


async def test_behind_the_quota_nothing_is_accepted_and_deliveries_go_on(tmp_path: Path) -> None:
    clock = Clock()
    limits = Limits(ballast=0, min_free=0, quota=1024 * 1024)
    async with journal_in(tmp_path, limits=limits, clock=clock) as journal:
        version = await route(journal)
        accepted = await accept_until_full(journal, version)
        assert 300 < accepted < 1000
        for seq in range(1, accepted + 1):
            await journal.done(seq, "erp", "delivered")
        clock.now += 10 * DAY
        await journal.purge(keep=86400)
        assert (await journal.purge(keep=86400)).messages == accepted - 1
        assert await accept(journal, version, message("again")) == accepted + 1


async def test_a_disk_without_free_space_refuses(tmp_path: Path) -> None:
    async with journal_in(tmp_path, limits=Limits(ballast=0, min_free=1 << 60)) as journal:
        version = await route(journal)
        with pytest.raises(JournalFull, match="MiB free; make room, accepting goes on by itself above"):
            await accept(journal, version, message("a"))


async def test_a_backup_is_complete_while_the_daemon_writes(tmp_path: Path) -> None:
    target = tmp_path / "backup" / "journal.db"
    target.parent.mkdir()
    async with journal_in(tmp_path / "journal") as journal:
        version = await route(journal)
        for i in range(20):
            await accept(journal, version, message(str(i)))
        back_up(tmp_path / "journal", target)
        await accept(journal, version, message("later"))
        with pytest.raises(JournalError, match="exists already; name a new file"):
            back_up(tmp_path / "journal", target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in target.parent.iterdir()] == ["journal.db"]
    async with journal_in(target.parent, accept_loss=True) as journal:
        assert len(await journal.open_deliveries("confirmations", after=0, limit=100)) == 20
        assert await journal.ask(lambda reader: reader.verify()) == []


def test_without_a_journal_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal"):
        back_up(tmp_path, tmp_path / "copy.db")


async def test_setting_aside_keeps_every_file_and_makes_room_for_a_new_journal(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        await accept(journal, await route(journal), message("a"))
        with pytest.raises(JournalLocked):
            set_aside(tmp_path)
    aside = set_aside(tmp_path)
    assert sorted(path.name for path in aside.iterdir()) == ["journal.db", "journal.hwm"]
    async with journal_in(tmp_path) as journal:
        assert await journal.message_of(1) is None


async def test_salvage_copies_everything_from_a_sound_journal(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    async with journal_in(old) as journal:
        version = await route(journal)
        for text in "abcdef":
            await accept(journal, version, message(text, once=text, to=("erp", "historian"), find=(("o", text),)))
        await journal.accept(unit(version, dead=(NewDeadLetter(b"?", "Invalid", "no"),), cursor=("t", b"7")))
        await journal.done(1, "erp", "delivered", remote_id="DOC-1")
        await journal.retry(1, "historian", 5, "Transient", "503")
        await journal.bury(2, "", "Invalid", "no")
        await journal.bury(3, "erp", "Rejected", "400")
    result = salvage(old, new)
    assert (result.messages, result.lost, result.reopened) == (7, 0, 0)
    with open_reader(old) as one, open_reader(new) as other:
        assert other.verify() == []
        assert other.messages(Selection()) == one.messages(Selection())
        assert other.dead_letters(Selection()) == one.dead_letters(Selection())
        assert [other.message(seq) for seq in range(1, 8)] == [one.message(seq) for seq in range(1, 8)]
        assert other.attempts(1) == one.attempts(1)
        assert other.cursor("t") == b"7"
    async with journal_in(new) as journal:
        version = await route(journal)
        assert await accept(journal, version, message("a", once="a")) == 1
        assert await accept(journal, version, message("g", once="g")) == 8


async def test_salvage_leaves_out_what_a_checksum_denies_and_reopens_what_is_unknown(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    async with journal_in(old) as journal:
        version = await route(journal)
        await journal.accept(unit(version, message("a"), message("b"), message("c"), body=b"abc"))
        await accept(journal, version, message("d"))
        await journal.done(4, "erp", "delivered")
    connection = apsw.Connection(str(old / "journal.db"))
    connection.execute("UPDATE msg SET body=x'00' WHERE seq=1")
    connection.execute("DELETE FROM receipt")
    connection.close()
    result = salvage(old, new)
    assert (result.messages, result.lost, result.reopened) == (3, 1, 1)
    async with journal_in(new) as journal:
        left = await journal.open_deliveries("confirmations", after=0, limit=10)
        assert [(d.seq, d.crashes) for d in left] == [(2, 0), (3, 0), (4, 1)]
        second = await journal.message_of(2)
        assert second is not None
        assert (second.payload, second.body) == (b'{"text":"b"}', b"")
        assert await journal.ask(lambda reader: reader.verify()) == []
    with pytest.raises(JournalError, match="name an empty folder"):
        salvage(old, new)


async def test_from_rubbish_nothing_is_salvaged(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"rubbish" * 1000)
    with pytest.raises(JournalCorrupt, match="restore a backup"):
        salvage(tmp_path, tmp_path / "new")
    assert not (tmp_path / "new").exists()
