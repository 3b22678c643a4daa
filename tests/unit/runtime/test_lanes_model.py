"""Lanes against an oracle that keeps everything in plain lists.

The oracle is the journal: what is open, what is dead and holds, in order. Reads may be slow: their answer is what the
journal said when it was asked. Whatever the lanes give out must be the oldest open delivery of its key, not held, not
given out twice; and whenever the lanes have nothing to give and want nothing, nothing may be left that could go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tundish.journal.contract import OpenDelivery
from tundish.runtime.delivering.lane import Item, Limits, Want
from tundish.runtime.delivering.lanes import Lanes

KEYS = st.sampled_from(["a", "b", "c", "d"])


@dataclass
class Open:
    """An open delivery, as the journal has it."""

    seq: int
    key: str
    attempts: int = 0
    next_at: int = 0


class LanesModel(RuleBasedStateMachine):
    """Drives the lanes as intake, outlet, journal and operator do."""

    @initialize(ordered=st.booleans(), backlog=st.lists(KEYS, max_size=12), high=st.integers(2, 8))
    def start(self, ordered: bool, backlog: list[str], high: int) -> None:
        self.now = 1000.0
        self.ordered = ordered
        self.lanes = Lanes(
            ordered=ordered, clock=lambda: self.now, limits=Limits(high=high, low=high // 2, lane=max(2, high // 3))
        )
        self.seq = 0
        self.open: dict[int, Open] = {}
        self.dead: dict[int, str] = {}
        self.holding: set[int] = set()
        self.busy: dict[int, Item] = {}
        self.settling: list[Item] = []
        self.reading: tuple[Want, Sequence[OpenDelivery]] | None = None
        self.fates: set[int] = set()
        for key in backlog:
            self._write(key)

    def _write(self, key: str) -> Open:
        self.seq += 1
        self.open[self.seq] = Open(self.seq, key if self.ordered else "")
        return self.open[self.seq]

    def _is_held(self, delivery: Open) -> bool:
        holders = [seq for seq in self.holding if self.dead.get(seq) == delivery.key]
        return self.ordered and bool(holders) and delivery.seq > min(holders)

    @rule(key=KEYS)
    def accept(self, key: str) -> None:
        written = self._write(key)
        self.lanes.offer(Item(written.seq, written.key, 1))

    @rule()
    def take(self) -> None:
        item = self.lanes.take()
        if item is None:
            return
        delivery = self.open[item.seq]
        assert item.seq not in self.busy, "given out twice"
        assert not self._is_held(delivery), "given out although it is held"
        assert delivery.next_at <= self.now * 1000, "given out before it is due"
        if self.ordered:
            finished = {settling.seq for settling in self.settling}
            older = [seq for seq, other in self.open.items() if other.key == item.key and seq < item.seq]
            assert set(older) <= finished, "given out before an older one of its key"
            assert not any(other.key == item.key for other in self.busy.values()), "two of one key at the same time"
        self.busy[item.seq] = item

    @precondition(lambda self: self.busy)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        item = self._pick(data)
        self.lanes.finish(item)
        self.settling.append(item)

    @precondition(lambda self: self.settling)
    @rule()
    def receipt_is_on_disk(self) -> None:
        item = self.settling.pop(0)
        del self.open[item.seq]
        assert item.seq not in self.fates
        self.fates.add(item.seq)
        self.lanes.settled(item)

    @precondition(lambda self: self.busy)
    @rule(data=st.data(), wait=st.integers(0, 5))
    def fail(self, data: st.DataObject, wait: int) -> None:
        item = self._pick(data)
        self.open[item.seq].attempts += 1
        self.open[item.seq].next_at = int((self.now + wait) * 1000)
        item.attempts += 1
        self.lanes.retry(item, self.now + wait)

    @precondition(lambda self: self.busy)
    @rule(data=st.data(), holds=st.booleans())
    def bury(self, data: st.DataObject, holds: bool) -> None:
        item = self._pick(data)
        self._die(item.seq, holds=holds)
        if holds:
            self.lanes.hold(item.key, item.seq)
        self.lanes.finish(item)
        self.lanes.settled(item)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), holds=st.booleans())
    def die_in_the_steps_elsewhere(self, data: st.DataObject, holds: bool) -> None:
        settling = {item.seq for item in self.settling}
        idle = sorted(set(self.open) - set(self.busy) - settling)
        if not idle:
            return
        seq = data.draw(st.sampled_from(idle))
        key = self.open[seq].key
        self._die(seq, holds=holds)
        if holds:
            self.lanes.hold(key, seq)
        self.lanes.drop(key, seq)

    def _die(self, seq: int, *, holds: bool) -> None:
        self.dead[seq] = self.open.pop(seq).key
        if holds and self.ordered:
            self.holding.add(seq)

    @precondition(lambda self: self.dead)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        seq = data.draw(st.sampled_from(sorted(self.dead)))
        key = self.dead.pop(seq)
        self.holding.discard(seq)
        self.open[seq] = Open(seq, key)
        self.lanes.unhold({(key, seq)})
        self.lanes.rewind(key, seq)

    @precondition(lambda self: self.dead)
    @rule(data=st.data())
    def discard(self, data: st.DataObject) -> None:
        seq = data.draw(st.sampled_from(sorted(self.dead)))
        key = self.dead.pop(seq)
        self.holding.discard(seq)
        self.lanes.unhold({(key, seq)})

    @precondition(lambda self: self.holding)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        key = self.dead[data.draw(st.sampled_from(sorted(self.holding)))]
        released = {seq for seq in self.holding if self.dead[seq] == key}
        self.holding -= released
        self.lanes.unhold({(key, seq) for seq in released})

    @rule()
    def ask_the_journal(self) -> None:
        if self.reading is None:
            want = self.lanes.wants()
            if want is not None:
                self.reading = (want, self._answer(want))

    @precondition(lambda self: self.reading is not None)
    @rule(fails=st.booleans())
    def the_journal_answers(self, fails: bool) -> None:
        assert self.reading is not None
        want, rows = self.reading
        self.reading = None
        if fails:
            self.lanes.read_failed(want)
        else:
            self.lanes.loaded(want, rows, int(self.now * 1000))

    def _answer(self, want: Want) -> Sequence[OpenDelivery]:
        rows = [
            OpenDelivery(open_.seq, "erp", 1, open_.key, open_.attempts, open_.next_at, 0)
            for seq, open_ in sorted(self.open.items())
            if seq > want.after and want.key in {None, open_.key}
        ]
        return rows[: want.limit]

    @rule(seconds=st.integers(1, 4))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    def _pick(self, data: st.DataObject) -> Item:
        return self.busy.pop(data.draw(st.sampled_from(sorted(self.busy))))

    @invariant()
    def memory_is_bounded(self) -> None:
        if hasattr(self, "lanes"):
            counts = self.lanes.counts()
            room = self.lanes.limits.high + self.lanes.limits.lane + len(self.busy) + len(self.settling)
            assert counts["in_memory"] - counts["waiting"] <= room

    def teardown(self) -> None:
        """From every state, everything that nothing holds reaches its end, in order, when all goes well."""
        if not hasattr(self, "lanes"):
            return
        for _ in range(2000):
            if self.reading is not None:
                self.the_journal_answers(fails=False)
            self.ask_the_journal()
            self.take()
            for seq in list(self.busy):
                item = self.busy.pop(seq)
                self.lanes.finish(item)
                self.settling.append(item)
            while self.settling:
                self.receipt_is_on_disk()
            if not [delivery for delivery in self.open.values() if not self._is_held(delivery)]:
                break
            self.now += 0.5
        left = [delivery for delivery in self.open.values() if not self._is_held(delivery)]
        assert left == [], "these could go and do not"


LanesModel.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestLanes = LanesModel.TestCase
