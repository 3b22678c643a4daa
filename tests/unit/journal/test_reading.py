"""What other processes see, with and without a daemon."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.journal.making import Clock, accept, copy_of_the_living, journal_in, message, route, unit
from tundish.errors import JournalError
from tundish.journal import STEPS, MessageSummary, NewDeadLetter, RouteTotals, Selection, SqliteJournal, open_reader

pytestmark = pytest.mark.anyio


async def fill(journal: SqliteJournal, clock: Clock) -> None:
    """Five messages of two routes with every fate, one second apart."""
    version, orders = await route(journal), await route(journal, "orders")
    for seq, (number, key) in enumerate([(version, "a"), (version, "a"), (version, "b"), (orders, "a")], 1):
        found = (("order", f"{key}{seq}"),)
        await accept(journal, number, message(str(seq), key=key, to=("erp", "historian"), find=found))
        clock.now += 1000
    await journal.accept(unit(orders, dead=(NewDeadLetter(b"?", "Invalid", "empty"),)))
    await journal.bury(1, "erp", "Rejected", "400")
    await journal.done(1, "historian", "duplicate")
    await journal.done(3, "erp", "delivered")
    await journal.done(3, "historian", "filtered")
    await journal.bury(4, STEPS, "Invalid", "no")


SUMMARIES = {
    1: MessageSummary(
        1, "confirmations", "a", 1_700_000_000_000, "dead", (("erp", "dead"), ("historian", "duplicate"))
    ),
    2: MessageSummary(2, "confirmations", "a", 1_700_000_001_000, "held", (("erp", "held"), ("historian", "open"))),
    3: MessageSummary(
        3, "confirmations", "b", 1_700_000_002_000, "done", (("erp", "delivered"), ("historian", "filtered"))
    ),
    4: MessageSummary(4, "orders", "a", 1_700_000_003_000, "dead", (("erp", "dead"), ("historian", "dead"))),
    5: MessageSummary(5, "orders", "", 1_700_000_004_000, "dead", (("", "dead"),)),
}


@pytest.mark.parametrize("running", [True, False], ids=["beside a daemon", "alone"])
async def test_a_listing_tells_the_fate_of_every_delivery(tmp_path: Path, running: bool) -> None:
    clock = Clock()
    async with journal_in(tmp_path, clock=clock) as journal:
        await fill(journal, clock)
        if running:
            with open_reader(tmp_path) as reader:
                assert reader.messages(Selection()) == [SUMMARIES[seq] for seq in (5, 4, 3, 2, 1)]
    with open_reader(tmp_path) as reader:
        assert reader.messages(Selection()) == [SUMMARIES[seq] for seq in (5, 4, 3, 2, 1)]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(limit=2), [5, 4]),
        (Selection(seqs=(1, 4)), [4, 1]),
        (Selection(route="confirmations"), [3, 2, 1]),
        (Selection(key="a"), [4, 2, 1]),
        (Selection(since=1_700_000_002_000, until=1_700_000_003_000), [4, 3]),
        (Selection(find=("order", "b3")), [3]),
        (Selection(error="Rejected"), [1]),
        (Selection(destination=STEPS), [5, 4]),
        (Selection(destination="erp"), [4, 3, 2, 1]),
        (Selection(state="dead"), [5, 4, 1]),
        (Selection(state="held"), [2]),
        (Selection(state="done"), [3]),
        (Selection(state="open"), []),
        (Selection(state="done", destination="historian"), [3, 1]),
        (Selection(state="open", destination="historian"), [2]),
    ],
)
async def test_selecting_messages(tmp_path: Path, selection: Selection, expected: list[int]) -> None:
    clock = Clock()
    async with journal_in(tmp_path, clock=clock) as journal:
        await fill(journal, clock)
    with open_reader(tmp_path) as reader:
        assert [summary.seq for summary in reader.messages(selection)] == expected


async def test_totals_balance_and_agree_with_the_rows(tmp_path: Path) -> None:
    clock = Clock()
    async with journal_in(tmp_path, clock=clock) as journal:
        await fill(journal, clock)
    with open_reader(tmp_path) as reader:
        one, other = reader.totals()
        assert one == RouteTotals(
            route="confirmations", accepted=3, duplicates=0, conflicts=0, deliveries=6, delivered=1, already_there=1,
            filtered=1, discarded=0, retries=0, dead=1, unreadable=0, open=2, held=1,
        )  # fmt: skip
        assert (other.accepted, other.dead, other.unreadable, other.balanced) == (1, 2, 1, True)
        assert one.balanced
        assert reader.verify() == []


async def test_a_reader_sees_what_is_written_after_it_was_opened(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        with open_reader(tmp_path) as reader:
            assert reader.message(1) is None
            version = await route(journal, "later")
            await accept(journal, version, message("a", to=("new",)))
            stored = reader.message(1)
            assert stored is not None
            assert (stored.route, stored.destinations) == ("later", ("new",))


async def test_a_journal_whose_daemon_crashed_can_be_read(tmp_path: Path) -> None:
    async with journal_in(tmp_path / "alive") as journal:
        await accept(journal, await route(journal), message("a"))
        await journal.flush()
        crashed = copy_of_the_living(tmp_path / "alive", tmp_path / "crashed")
    with open_reader(crashed) as reader:
        assert [summary.seq for summary in reader.messages(Selection())] == [1]
        assert reader.verify() == []
    async with journal_in(crashed) as journal:
        assert journal.crashed


async def test_a_lane_is_read_in_pieces_of_whole_messages(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        for seq in range(1, 7):
            await accept(journal, version, message(str(seq), key="ab"[seq % 2], to=("erp", "historian")))
        piece = await journal.open_deliveries("confirmations", after=0, limit=3)
        assert [(d.seq, d.destination) for d in piece] == [
            (1, "erp"), (1, "historian"), (2, "erp"), (2, "historian"),
        ]  # fmt: skip
        rest = await journal.open_deliveries("confirmations", after=2, limit=100)
        assert [d.seq for d in rest] == [3, 3, 4, 4, 5, 5, 6, 6]
        lane = await journal.open_deliveries("confirmations", after=1, limit=2, destination="erp", key="b")
        assert [(d.seq, d.destination) for d in lane] == [(3, "erp"), (5, "erp")]
        assert await journal.open_deliveries("unknown", after=0, limit=10) == []


def test_without_a_journal_the_reader_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal; name the data folder"):
        open_reader(tmp_path)


async def test_messages_are_read_together_as_far_as_there_is_room(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        bodies = [b"%d" % number * 1000 for number in range(1, 6)]
        for body in bodies:
            await journal.accept(unit(version, message(""), body=body))
        every = await journal.messages_of((1, 2, 99, 4, 5), most_bytes=10_000)
        assert [(found.seq, found.body) for found in every] == [(seq, bodies[seq - 1]) for seq in (1, 2, 4, 5)]
        assert [found.seq for found in await journal.messages_of((5, 4, 3), most_bytes=1900)] == [5, 4]
        assert await journal.messages_of((), most_bytes=1) == []
