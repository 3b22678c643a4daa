"""What `accept` writes, and what it answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.journal.making import accept, journal_in, message, route, unit
from tundish.errors import JournalError
from tundish.journal import Accepted, NewDeadLetter, OpenDelivery, Selection, open_reader

pytestmark = pytest.mark.anyio


async def test_a_message_comes_back_as_it_was_accepted(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        accepted = await journal.accept(
            unit(version, message("a", once="1", to=("erp", "historian")), body=b"the bytes", reference="inbox/1.json")
        )
        assert accepted == Accepted((1,), 0, (), (), (1,))
        stored = await journal.message_of(1)
        assert stored is not None
        assert (stored.seq, stored.route, stored.route_version, stored.key) == (1, "confirmations", version, "4711")
        assert (stored.received, stored.accepted) == (1_600_000_000_000, 1_700_000_000_000)
        assert (stored.meta, stored.body, stored.payload) == (b'{"topic":"line1"}', b"the bytes", b'{"text":"a"}')
        assert (stored.index, stored.once, stored.reference) == (0, b"1".ljust(16), "inbox/1.json")
        assert stored.destinations == ("erp", "historian")
        assert await journal.open_deliveries("confirmations", after=0, limit=10) == [
            OpenDelivery(1, "erp", version, "4711", 0, 0, 0),
            OpenDelivery(1, "historian", version, "4711", 0, 0, 0),
        ]


async def test_messages_of_a_unit_share_its_meta_and_body(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        await journal.accept(unit(version, message("a"), message("b"), message("c"), body=b"a;b;c"))
        stored = [await journal.message_of(seq) for seq in (1, 2, 3)]
        assert [m and (m.index, m.body, m.meta, m.payload) for m in stored] == [
            (0, b"a;b;c", b'{"topic":"line1"}', b'{"text":"a"}'),
            (1, b"a;b;c", b'{"topic":"line1"}', b'{"text":"b"}'),
            (2, b"a;b;c", b'{"topic":"line1"}', b'{"text":"c"}'),
        ]


async def test_a_repeat_gets_the_number_of_the_first(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        first = await accept(journal, version, message("a", once="1"))
        again = await journal.accept(unit(version, message("a", once="1"), message("b", once="2")))
        assert again == Accepted((first, 2), 1, (), (), (2,))
        within = await journal.accept(unit(version, message("c", once="3"), message("c", once="3")))
        assert within == Accepted((3, 3), 1, (), (), (3,))


async def test_repeats_are_told_apart_by_route(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        one, other = await route(journal, "one"), await route(journal, "other")
        assert await accept(journal, one, message("a", once="1")) == 1
        assert await accept(journal, other, message("a", once="1")) == 2


async def test_other_content_under_a_known_key_becomes_a_dead_letter(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        first = await accept(journal, version, message("a", once="1"))
        conflict = await journal.accept(unit(version, message("other", once="1", to=("erp", "historian"))))
        assert conflict == Accepted((2,), 0, (2,), (), ())
        (dead,) = await journal.ask(lambda reader: reader.dead_letters(Selection()))
        assert (dead.seq, dead.destination, dead.error, dead.holds) == (2, "", "Conflict", False)
        assert f"message {first}" in dead.text
        stored, original = await journal.message_of(2), await journal.message_of(first)
        assert stored is not None
        assert original is not None
        assert stored.once is None
        assert journal.idempotency_key(stored, "erp") != journal.idempotency_key(original, "erp")
        opened = await journal.replay(Selection(seqs=(2,)), by="anna")
        assert [(d.seq, d.destination) for d in opened] == [(2, "erp"), (2, "historian")]


async def test_what_cannot_be_read_is_kept(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        dead = (NewDeadLetter(b"b;x", "Invalid", "line 2: not a number", "4712"),)
        accepted = await journal.accept(unit(version, message("a"), body=b"a;1\nb;x", dead=dead))
        assert accepted == Accepted((1,), 0, (), (2,), (1,))
        stored = await journal.message_of(2)
        assert stored is not None
        assert (stored.unreadable, stored.body, stored.index, stored.key) == (True, b"b;x", 1, "4712")
        assert await journal.replay(Selection(seqs=(2,)), by="anna") == []
        assert await journal.discard(Selection(seqs=(2,)), by="anna", why="known") == 1


async def test_a_unit_that_is_unreadable_as_a_whole_is_stored_once(tmp_path: Path) -> None:
    body = b"\xff" * 100_000
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        await journal.accept(unit(version, body=body, dead=(NewDeadLetter(body, "Invalid", "not UTF-8"),)))
        stored = await journal.message_of(1)
        assert stored is not None
        assert stored.body == body
    assert (tmp_path / "journal.db").stat().st_size < 2 * len(body) + 200_000


async def test_the_cursor_is_written_with_the_unit_even_where_nothing_else_is(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        assert await journal.cursor("table") is None
        await journal.accept(unit(version, cursor=("table", b"1")))
        await journal.accept(unit(version, message("a"), cursor=("table", b"2")))
        assert await journal.cursor("table") == b"2"


async def test_an_unknown_route_version_is_refused_and_others_go_on(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        with pytest.raises(JournalError, match="route version 99 is not registered"):
            await journal.accept(unit(99, message("a")))
        assert await accept(journal, version, message("b")) == 1


async def test_the_same_route_version_keeps_its_number(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        first = await journal.register_route("r", b"1" * 16, "one")
        second = await journal.register_route("r", b"2" * 16, "two")
        assert await journal.register_route("r", b"1" * 16, "one") == first != second
    with open_reader(tmp_path) as reader:
        assert (reader.route_text(first), reader.route_text(second)) == ("one", "two")
        with pytest.raises(JournalError, match="no route version 99"):
            reader.route_text(99)


async def test_files_are_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    async with journal_in(folder) as journal:
        await accept(journal, await route(journal), message("a"))
        await journal.flush()  # behind the high-water mark, which is written after the answer
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
            ("journal.db", "journal.db-wal", "journal.db-shm", "journal.hwm", "journal.lock", "journal.ballast"), 0o600
        )
