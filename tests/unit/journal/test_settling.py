"""Done, retried, buried; and what people do with dead letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.journal.making import Clock, accept, journal_in, message, route
from tundish.errors import JournalError
from tundish.journal import STEPS, Selection, SqliteJournal, open_reader

pytestmark = pytest.mark.anyio


async def opened(journal: SqliteJournal) -> list[tuple[int, str, int]]:
    """Sequence number, destination and attempts of all open deliveries."""
    deliveries = await journal.open_deliveries("confirmations", after=0, limit=100)
    return [(d.seq, d.destination, d.attempts) for d in deliveries]


async def test_done_closes_one_delivery_and_answers_for_its_key(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        for once in ("1", None):
            seq = await accept(journal, version, message("a", once=once, to=("erp", "historian")))
            stored = await journal.message_of(seq)
            assert stored is not None
            key = journal.idempotency_key(stored, "erp")
            assert await journal.receipt_of(key) is None
            await journal.done(seq, "erp", "delivered", remote_id="DOC-1", detail="201")
            assert await journal.receipt_of(key) == "DOC-1"
            assert await journal.receipt_of(journal.idempotency_key(stored, "historian")) is None
        assert await opened(journal) == [(1, "historian", 0), (2, "historian", 0)]
        assert await journal.receipt_of("somebody else's key") is None


async def test_done_for_the_steps_closes_every_delivery(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        seq = await accept(journal, await route(journal), message("a", to=("erp", "historian")))
        await journal.done(seq, STEPS, "filtered")
        assert await opened(journal) == []
        (totals,) = await journal.ask(lambda reader: reader.totals())
        assert (totals.filtered, totals.open, totals.balanced) == (2, 0, True)


async def test_what_is_not_open_cannot_be_closed_and_its_neighbours_go_on(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        seq = await accept(journal, await route(journal), message("a"))
        await journal.done(seq, "erp", "delivered")
        for wrong in (
            journal.done(seq, "erp", "delivered"),
            journal.done(seq, "nowhere", "delivered"),
            journal.done(99, "erp", "delivered"),
            journal.retry(seq, "erp", 0, "Transient", "503"),
            journal.bury(seq, "erp", "Rejected", "400"),
            journal.bury(seq, STEPS, "Invalid", "no"),
            journal.done(seq, STEPS, "filtered"),
        ):
            with pytest.raises(JournalError, match=r"not open|no open delivery|no message 99"):
                await wrong
        (totals,) = await journal.ask(lambda reader: reader.totals())
        assert (totals.delivered, totals.retries, totals.dead, totals.balanced) == (1, 0, 0, True)


async def test_marks_of_unknown_messages_harm_nobody(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        for seq in (7, 8, 9):
            journal.started(seq, "erp")
        assert await accept(journal, version, message("a")) == 1
        journal.started(1, "nowhere")
        journal.started(9, "erp")
        await journal.flush()
        assert await opened(journal) == [(1, "erp", 0)]


async def test_a_retry_is_remembered_with_its_time_and_reason(tmp_path: Path) -> None:
    clock = Clock()
    async with journal_in(tmp_path, clock=clock) as journal:
        seq = await accept(journal, await route(journal), message("a"))
        await journal.retry(seq, "erp", clock.now + 2000, "Transient", "503", "busy")
    async with journal_in(tmp_path, clock=clock) as journal:
        (delivery,) = await journal.open_deliveries("confirmations", after=0, limit=10)
        assert (delivery.attempts, delivery.next_at, delivery.crashes) == (1, clock.now + 2000, 0)
        await journal.retry(seq, STEPS, 0, "Transient", "lookup")
        await journal.done(seq, "erp", "delivered", remote_id="DOC-1")
        attempts = await journal.ask(lambda reader: reader.attempts(seq))
    assert [(a.destination, a.number, a.outcome, a.text) for a in attempts] == [
        ("", 1, "Transient", "lookup"),
        ("erp", 1, "Transient", "503"),
        ("erp", 2, "delivered", "DOC-1"),
    ]


async def test_steps_take_all_open_deliveries_and_a_replay_restores_them(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        seq = await accept(journal, await route(journal), message("a", to=("erp", "historian", "mes")))
        await journal.done(seq, "mes", "delivered")
        await journal.retry(seq, "erp", 0, "Transient", "503")
        await journal.bury(seq, STEPS, "Invalid", "no field 'order'", detail="trace")
        assert await opened(journal) == []
        assert await journal.held_lanes("confirmations") == [(STEPS, "4711", seq)]
        (totals,) = await journal.ask(lambda reader: reader.totals())
        assert (totals.dead, totals.balanced) == (2, True)
        replayed = await journal.replay(Selection(error="Invalid"), by="anna", why="mapping mended")
        assert [(d.seq, d.destination, d.attempts) for d in replayed] == [(seq, "erp", 0), (seq, "historian", 0)]
        assert await opened(journal) == [(seq, "erp", 0), (seq, "historian", 0)]
        assert await journal.held_lanes("confirmations") == []
        (entry,) = await journal.ask(lambda reader: reader.audit())
        assert (entry.action, entry.by, entry.why, entry.count) == ("replay", "anna", "mapping mended", 2)


async def test_two_dead_letters_of_the_same_steps_become_one(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        seq = await accept(journal, await route(journal), message("a", to=("erp", "historian")))
        await journal.bury(seq, "erp", "Rejected", "400")
        await journal.bury(seq, STEPS, "Invalid", "no")
        await journal.replay(Selection(destination="erp"), by="anna")
        await journal.bury(seq, STEPS, "Invalid", "still no")
        assert len(await journal.replay(Selection(), by="anna")) == 2
        assert await journal.ask(lambda reader: reader.audit_balance()) == []


async def test_attempt_numbers_go_on_after_a_replay(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        seq = await accept(journal, await route(journal), message("a"))
        await journal.retry(seq, "erp", 0, "Transient", "503")
        await journal.bury(seq, "erp", "Rejected", "400")
        await journal.replay(Selection(), by="anna")
        await journal.retry(seq, "erp", 0, "Transient", "503")
        await journal.done(seq, "erp", "delivered")
        attempts = await journal.ask(lambda reader: reader.attempts(seq))
        assert [(a.number, a.outcome) for a in attempts] == [
            (1, "Transient"), (2, "Rejected"), (3, "Transient"), (4, "delivered"),
        ]  # fmt: skip


async def test_discarding_closes_and_releasing_only_lets_the_lane_go_on(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        for text in "abc":
            await accept(journal, version, message(text))
        await journal.bury(1, "erp", "Rejected", "400")
        await journal.bury(2, "erp", "Rejected", "400")
        (totals,) = await journal.ask(lambda reader: reader.totals())
        assert (totals.dead, totals.open, totals.held) == (2, 1, 1)
        assert await journal.release("confirmations", "erp", "4711", by="anna", why="late") == 2
        assert await journal.release("confirmations", "erp", "4711", by="anna") == 0
        assert await journal.held_lanes("confirmations") == []
        assert await journal.discard(Selection(seqs=(1,)), by="anna", why="a test") == 1
        (totals,) = await journal.ask(lambda reader: reader.totals())
        assert (totals.dead, totals.discarded, totals.held, totals.balanced) == (1, 1, 0, True)
        assert [entry.action for entry in await journal.ask(lambda reader: reader.audit())] == [
            "discard", "release", "release",
        ]  # fmt: skip


async def test_a_lane_is_held_only_behind_its_dead_letter(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        version = await route(journal)
        for text in "abc":
            await accept(journal, version, message(text, to=("erp", "historian")))
        await journal.bury(2, "erp", "Rejected", "400")
        (totals,) = await journal.ask(lambda reader: reader.totals())
        assert (totals.open, totals.held) == (5, 1)
        states = {m.seq: m.state for m in await journal.ask(lambda reader: reader.messages(Selection()))}
        assert states == {1: "open", 2: "dead", 3: "held"}


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), [1, 2, 3]),
        (Selection(limit=2), [1, 2]),
        (Selection(seqs=(1, 3)), [1, 3]),
        (Selection(route="orders"), [3]),
        (Selection(route="unknown"), []),
        (Selection(destination="historian"), [2]),
        (Selection(destination=STEPS), [3]),
        (Selection(key="4712"), [2]),
        (Selection(error="Invalid"), [3]),
        (Selection(error="NeverSeen"), []),
        (Selection(since=1_700_000_002_000), [2, 3]),
        (Selection(until=1_700_000_002_000), [1, 2]),
        (Selection(find=("work_order", "4712")), [2]),
        (Selection(find=("work_order", "9999")), []),
        (Selection(state="dead"), [1, 2, 3]),
        (Selection(state="open"), []),
    ],
)
async def test_selections(tmp_path: Path, selection: Selection, expected: list[int]) -> None:
    clock = Clock()
    async with journal_in(tmp_path, clock=clock) as journal:
        versions = [await route(journal), await route(journal), await route(journal, "orders")]
        for seq, version in enumerate(versions, 1):
            found = (("work_order", f"471{seq}"),)
            await accept(journal, version, message(str(seq), key=f"471{seq}", to=("erp", "historian"), find=found))
            clock.now += 1000
            destination, error = (("erp", "Rejected"), ("historian", "Rejected"), (STEPS, "Invalid"))[seq - 1]
            await journal.bury(seq, destination, error, "no")
    with open_reader(tmp_path) as reader:
        assert [letter.seq for letter in reader.dead_letters(selection)] == expected
