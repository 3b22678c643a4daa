"""The journal against an oracle in memory: whatever is done to it, and however often it dies, it agrees.

I1: what was acknowledged is there. I2: every delivery has exactly one fate. I4: what was in flight when the process
died, and only that, counts a crash.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.unit.journal.conftest import MEMORY
from tests.unit.journal.making import SMALL, copy_of_the_living, message, unit
from tundish.errors import JournalError
from tundish.journal import STEPS, NewDeadLetter, Selection, SqliteJournal, open_journal

ROUTE = "confirmations"
DESTINATIONS = ("erp", "historian", "mes")
KEYS = st.sampled_from("ab")
TARGETS = st.sampled_from((*DESTINATIONS, STEPS))


@dataclass
class Expected:
    """What the oracle knows of one message."""

    key: str
    payload: bytes
    destinations: tuple[str, ...]
    open: dict[str, list[int]] = field(default_factory=dict)
    """Destination → attempts, crashes, in flight."""
    dead: dict[str, tuple[frozenset[str], bool]] = field(default_factory=dict)
    """Destination or STEPS → what it took, and whether it holds the lane."""
    receipts: dict[str, str] = field(default_factory=dict)

    def targets(self, destination: str) -> list[str]:
        """The open deliveries that a call means."""
        return [name for name in self.open if destination in {name, STEPS}]


class JournalModel(RuleBasedStateMachine):
    """Rules act on both and compare answers; invariants compare everything."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.parent = Path(tempfile.mkdtemp(dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
        self.folder = self.parent / "0"
        self.messages: dict[int, Expected] = {}
        self.once: dict[str, tuple[int, str]] = {}
        self.journal: SqliteJournal
        self.version = 0

    def run(self, work: Coroutine[Any, Any, Any] | asyncio.Future[Any]) -> Any:
        """Drive the journal's loop."""
        return self.loop.run_until_complete(work)

    @initialize()
    def open_it(self) -> None:
        self.journal = self.run(open_journal(self.folder, limits=SMALL))
        self.version = self.run(self.journal.register_route(ROUTE, bytes(16), "text"))

    @rule(
        parts=st.lists(
            st.tuples(
                st.sampled_from("xyz"),
                KEYS,
                st.sampled_from([None, "1", "2", "3"]),
                st.sampled_from([("erp",), ("erp", "historian"), DESTINATIONS]),
            ),
            max_size=3,
        ),
        unreadable=st.booleans(),
    )
    def accept(self, parts: list[tuple[str, str, str | None, tuple[str, ...]]], unreadable: bool) -> None:
        dead = (NewDeadLetter(b"?", "Invalid", "no"),) if unreadable else ()
        made = [message(text, key=key, once=once, to=to) for text, key, once, to in parts]
        accepted = self.run(self.journal.accept(unit(self.version, *made, dead=dead)))
        following = max(self.messages, default=0) + 1
        for (text, key, once, to), given in zip(parts, accepted.seqs, strict=True):
            first = self.once.get(once) if once is not None else None
            if first is not None and first[1] == text:
                assert given == first[0]
                continue
            assert given == following
            following += 1
            expected = self.messages[given] = Expected(key, f'{{"text":"{text}"}}'.encode(), to)
            if first is not None:
                assert given in accepted.conflicts
                expected.dead[STEPS] = (frozenset(to), False)
            else:
                assert given in accepted.fresh
                expected.open = {name: [0, 0, 0] for name in to}
                if once is not None:
                    self.once[once] = (given, text)
        assert accepted.dead == ((following,) if unreadable else ())
        if unreadable:
            self.messages[following] = Expected("", b"", (), dead={STEPS: (frozenset(), False)})

    @rule(pick=st.integers(1, 8), destination=TARGETS)
    def start(self, pick: int, destination: str) -> None:
        if pick in self.messages:
            self.journal.started(pick, destination)
            for name in self.messages[pick].targets(destination):
                self.messages[pick].open[name][2] = 1

    @rule(pick=st.integers(1, 8), destination=TARGETS, outcome=st.sampled_from(["delivered", "duplicate", "filtered"]))
    def done(self, pick: int, destination: str, outcome: Any) -> None:
        targets = self.settle(pick, destination, self.journal.done(pick, destination, outcome))
        for name in targets:
            del self.messages[pick].open[name]
            self.messages[pick].receipts[name] = outcome

    @rule(pick=st.integers(1, 8), destination=TARGETS)
    def retry(self, pick: int, destination: str) -> None:
        targets = self.settle(pick, destination, self.journal.retry(pick, destination, 5, "Transient", "503"))
        for name in targets:
            self.messages[pick].open[name] = [self.messages[pick].open[name][0] + 1, 0, 0]

    @rule(pick=st.integers(1, 8), destination=TARGETS, holds=st.booleans())
    def bury(self, pick: int, destination: str, holds: bool) -> None:
        targets = self.settle(pick, destination, self.journal.bury(pick, destination, "Rejected", "400", holds=holds))
        if targets:
            expected = self.messages[pick]
            before = expected.dead.get(destination, (frozenset(), False))[0] if destination == STEPS else frozenset()
            expected.dead[destination] = (before | frozenset(targets), holds)
            for name in targets:
                del expected.open[name]

    def settle(self, pick: int, destination: str, call: Coroutine[Any, Any, None] | asyncio.Future[None]) -> list[str]:
        """Make the call; it is refused exactly when nothing is open."""
        targets = self.messages[pick].targets(destination) if pick in self.messages else []
        if targets:
            self.run(call)
        else:
            with pytest.raises(JournalError):
                self.run(call)
        return targets

    @rule(pick=st.one_of(st.none(), st.integers(1, 8)), destination=st.one_of(st.none(), TARGETS))
    def replay(self, pick: int | None, destination: str | None) -> None:
        seqs = () if pick is None else (pick,)
        opened = self.run(self.journal.replay(Selection(seqs=seqs, destination=destination), by="anna"))
        expected: list[tuple[int, str]] = []
        for seq, target in self.dead_letters(pick, destination):
            taken, _ = self.messages[seq].dead[target]
            if taken:
                del self.messages[seq].dead[target]
                self.messages[seq].open |= {name: [0, 0, 0] for name in taken}
                expected += [(seq, name) for name in taken]
        assert sorted((d.seq, d.destination) for d in opened) == sorted(expected)

    @rule(pick=st.integers(1, 8))
    def discard(self, pick: int) -> None:
        letters = self.dead_letters(pick, None)
        assert self.run(self.journal.discard(Selection(seqs=(pick,)), by="anna", why="no")) == len(letters)
        for seq, target in letters:
            taken, _ = self.messages[seq].dead.pop(target)
            self.messages[seq].receipts |= dict.fromkeys(taken, "discarded")

    @rule(destination=TARGETS, key=KEYS)
    def release(self, destination: str, key: str) -> None:
        held = [m for m in self.messages.values() if m.key == key and m.dead.get(destination, ((), False))[1]]
        assert self.run(self.journal.release(ROUTE, destination, key, by="anna")) == len(held)
        for expected in held:
            expected.dead[destination] = (expected.dead[destination][0], False)

    def dead_letters(self, pick: int | None, destination: str | None) -> list[tuple[int, str]]:
        """What a selection means to the oracle."""
        return [
            (seq, target)
            for seq, expected in self.messages.items()
            for target in list(expected.dead)
            if pick in {None, seq} and destination in {None, target}
        ]

    @rule(noted=st.booleans())
    def crash(self, noted: bool) -> None:
        """Go on with a copy of the files as they were between two transactions; marks may be on disk or not."""
        if noted:
            self.run(self.journal.flush())
        copy = self.parent / str(int(self.folder.name) + 1)
        self.run(self.journal.ask(lambda _: copy_of_the_living(self.folder, copy)))
        if not noted:
            self.run(self.journal.flush())
        self.run(self.journal.close())
        shutil.rmtree(self.folder)
        self.folder = copy
        self.journal = self.run(open_journal(self.folder, limits=SMALL))
        assert self.journal.crashed
        for delivery in self.run(self.journal.open_deliveries(ROUTE, after=0, limit=1000)):
            state = self.messages[delivery.seq].open[delivery.destination]
            assert delivery.crashes in ({state[1] + state[2]} if noted else {state[1], state[1] + state[2]})
            state[1:] = [delivery.crashes, 0]

    @rule()
    def restart(self) -> None:
        for expected in self.messages.values():
            for state in expected.open.values():
                state[1:] = [state[1] + state[2], 0]
        self.run(self.journal.close())
        self.journal = self.run(open_journal(self.folder, limits=SMALL))
        assert not self.journal.crashed

    @invariant()
    def everything_acknowledged_is_there(self) -> None:
        if not self.messages:
            return
        for seq, expected in self.messages.items():
            stored = self.run(self.journal.message_of(seq))
            assert (stored.key, stored.payload, stored.destinations) == (
                expected.key, expected.payload, expected.destinations,
            )  # fmt: skip
        deliveries = self.run(self.journal.open_deliveries(ROUTE, after=0, limit=1000))
        assert [d.seq for d in deliveries] == sorted(d.seq for d in deliveries)
        assert {(d.seq, d.destination): d.attempts for d in deliveries} == {
            (seq, name): state[0] for seq, expected in self.messages.items() for name, state in expected.open.items()
        }
        assert sorted(self.run(self.journal.held_lanes(ROUTE))) == sorted(
            (target, expected.key, seq)
            for seq, expected in self.messages.items()
            for target, (_, holds) in expected.dead.items()
            if holds
        )

    @invariant()
    def the_ledger_balances(self) -> None:
        if not self.messages:
            return
        (totals,) = self.run(self.journal.ask(lambda reader: reader.totals()))
        assert totals.balanced
        assert totals.dead == sum(len(taken) for m in self.messages.values() for taken, _ in m.dead.values())
        receipts = [outcome for m in self.messages.values() for outcome in m.receipts.values()]
        assert (totals.delivered, totals.already_there, totals.filtered, totals.discarded) == tuple(
            receipts.count(outcome) for outcome in ("delivered", "duplicate", "filtered", "discarded")
        )
        assert self.run(self.journal.ask(lambda reader: reader.audit_balance())) == []

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.run(self.journal.close())
        self.loop.close()
        shutil.rmtree(self.parent)


TestJournalModel = JournalModel.TestCase
TestJournalModel.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
