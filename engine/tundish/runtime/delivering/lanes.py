"""The lanes of one destination of one route: who goes next. Pure; knows no task, no journal and no wall clock.

A lane is the queue of one business key. Only a window of the open deliveries is in memory; the rest stays in the
journal and is asked for through `wants`. `engine/decisions/0002-lanes.md` has the reasons. The file is long because its
methods keep three facts true together, and are read together:

- What a lane has in memory is the beginning of its open work, in order; `Lane.more` says that the journal has more.
- What is in memory, or is being written as finished, is in `known`, so that no read can bring it in twice.
- A lane with a dead letter that holds gives out only what is older than that dead letter.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from tundish.journal.contract import OpenDelivery
from tundish.runtime.delivering.lane import Item, Lane, Limits, Want

_seq = attrgetter("seq")


class Lanes:
    """All lanes of one destination of one route."""

    def __init__(self, *, ordered: bool, clock: Callable[[], float], limits: Limits) -> None:
        """`ordered` is False for a route without a key: there each message is a lane of its own, and nothing holds."""
        self.limits = limits
        self._ordered = ordered
        self._clock = clock
        self._lanes: dict[str | int, Lane] = {}
        self._ready: deque[Lane] = deque()
        self._hungry: deque[Lane] = deque()
        self._timers: list[tuple[float, int, int, Lane]] = []
        self._timer_number = 0
        self._holds: dict[str, set[int]] = {}
        self._known: set[int] = set()
        self._flowing = 0
        self._cursor = 0
        self._behind = True
        self._missed = False
        self._lane_was_read = False
        self._rewound: int | None = None
        self._reading: Want | None = None
        self._gone: set[int] = set()

    # What the dispatcher asks.

    def take(self) -> Item | None:
        """The next delivery; its lane is busy until `finish` or `retry`. Lanes take turns."""
        self._wake()
        while self._ready:
            lane = self._ready.popleft()
            lane.queued = False
            if lane.busy is not None or lane.waiting or not lane.items or lane.items[0].due > self._clock():
                self._arrange(lane)
                continue
            item = lane.items.pop(0)
            self._flowing -= 1
            lane.busy = item
            self._feed(lane)
            return item
        return None

    def finish(self, item: Item) -> None:
        """The delivery has its fate; the lane goes on. `settled` follows when the fate is on disk."""
        self._free(item)

    def settled(self, item: Item) -> None:
        """The journal does not list this delivery as open any more."""
        self._forget(item.seq)

    def retry(self, item: Item, due: float) -> None:
        """The attempt failed, and the journal knows; the lane waits until `due`."""
        item.due = due
        lane = self._lanes[self._identity(item)]
        lane.busy = None
        if lane.more and item.seq > lane.tail:
            # Something older came back meanwhile and is still in the journal; this one is read again behind it.
            self._known.discard(item.seq)
        else:
            insort(lane.items, item, key=_seq)
            self._flowing += 1
        self._arrange(lane)

    def next_due(self) -> float | None:
        """Monotonic time of the next attempt that is waited for."""
        return self._timers[0][0] if self._timers else None

    # What the intake and the operator say.

    def offer(self, item: Item) -> bool:
        """A delivery that was just accepted; True when it is in memory now, False when it stays in the journal."""
        if item.seq <= self._cursor and not self._behind:
            return item.seq in self._known
        if self._behind or self._flowing >= self.limits.high:
            self._behind = self._missed = True
            return False
        self._cursor = item.seq
        return self._admit(item)

    def hold(self, key: str, seq: int) -> None:
        """A dead letter holds what came after it in its lane."""
        if not self._ordered:
            return
        self._holds.setdefault(key, set()).add(seq)
        lane = self._lanes.get(key)
        if lane is not None:
            self._evict(lane, seq + 1)
            self._arrange(lane)

    def holds(self) -> frozenset[tuple[str, int]]:
        """Key and sequence number of every dead letter that holds a lane."""
        return frozenset((key, seq) for key, seqs in self._holds.items() for seq in seqs)

    def unhold(self, holds: Iterable[tuple[str, int]]) -> None:
        """These dead letters hold nothing any more."""
        for key, seq in holds:
            seqs = self._holds.get(key, set())
            seqs.discard(seq)
            if not seqs:
                self._holds.pop(key, None)
            lane = self._lanes.get(key)
            if lane is not None:
                self._arrange(lane)

    def rewind(self, key: str, seq: int) -> None:
        """The journal has open work of this key again, from this sequence number on: a replay."""
        if not self._ordered:
            if self._reading is not None and self._reading.key is None:
                self._rewound = min(seq - 1, self._rewound if self._rewound is not None else seq - 1)
            self._cursor = min(self._cursor, seq - 1)
            self._behind = self._missed = True
            return
        lane = self._lanes.get(key)
        if lane is None:
            # Behind the cursor the journal may have older work of this key that was never looked at.
            lane = self._lanes[key] = Lane(key, min(seq - 1, self._cursor))
        lane.more = lane.rewound = True
        self._evict(lane, seq)
        lane.tail = min(lane.tail, seq - 1)
        self._arrange(lane)

    def drop(self, key: str, seq: int) -> None:
        """A delivery became a dead letter without its turn, because its message failed in the route's steps."""
        lane = self._lanes.get(key if self._ordered else seq)
        if lane is None:
            self._forget(seq)
            return
        kept = [item for item in lane.items if item.seq != seq]
        self._flowing -= self._counted(lane, len(lane.items) - len(kept))
        lane.items[:] = kept
        if lane.waiting and not kept:
            self._stop_waiting(lane)
        if lane.busy is not None and lane.busy.seq == seq:
            lane.busy.gone = True
        else:
            self._forget(seq)
        self._arrange(lane)

    # What the journal is asked for.

    def wants(self) -> Want | None:
        """What to read next, or None. Until `loaded` brings the answer, nothing else is wanted."""
        if self._reading is not None or self._flowing > self.limits.low:
            return None
        # Lanes and the rest take turns, so that a few long lanes do not keep all others out of memory.
        lane = None if self._behind and self._lane_was_read else self._next_hungry()
        self._lane_was_read = lane is not None
        if lane is not None:
            lane.missed = lane.rewound = False
            self._reading = Want(str(lane.id), lane.tail, self.limits.lane)
            return self._reading
        if not self._behind:
            return None
        self._missed = False
        self._reading = Want(None, self._cursor, self.limits.high - self.limits.low)
        return self._reading

    def loaded(self, want: Want, rows: Sequence[OpenDelivery], now: int) -> None:
        """The journal's answer; `now` is the wall clock in unix milliseconds."""
        self._reading = None
        if want.key is None:
            self._scanned(want, rows, now)
        else:
            self._filled(self._lanes[want.key], want, rows, now)
        self._gone.clear()

    def read_failed(self, want: Want) -> None:
        """The journal could not answer; it is asked again."""
        self._reading = None
        self._gone.clear()
        if want.key is not None:
            self._feed(self._lanes[want.key])

    def counts(self) -> dict[str, int]:
        """For people: lanes in memory, those that wait for a retry, those that are held, deliveries in memory."""
        return {
            "lanes": len(self._lanes),
            "waiting": sum(lane.waiting for lane in self._lanes.values()),
            "held": len(self._holds),
            "in_memory": len(self._known),
        }

    # Inside.

    def _next_hungry(self) -> Lane | None:
        while self._hungry:
            lane = self._hungry.popleft()
            lane.hungry = False
            if self._is_hungry(lane):
                return lane
        return None

    def _scanned(self, want: Want, rows: Sequence[OpenDelivery], now: int) -> None:
        for row in rows:
            self._cursor = row.seq
            if row.seq not in self._known and row.seq not in self._gone:
                self._admit(self._item(row, now))
        if self._rewound is not None:
            self._cursor = min(self._cursor, self._rewound)
            self._rewound = None
        elif len(rows) < want.limit and not self._missed:
            self._behind = False

    def _filled(self, lane: Lane, want: Want, rows: Sequence[OpenDelivery], now: int) -> None:
        if lane.rewound or lane.tail != want.after:
            # The lane was put back while it was being read: this answer may lie behind a gap.
            self._arrange(lane)
            return
        for row in rows:
            if self._is_held(lane, row.seq):
                lane.tail = row.seq - 1
                break
            lane.tail = row.seq
            if row.seq not in self._known and row.seq not in self._gone:
                lane.items.append(self._item(row, now))
                self._known.add(row.seq)
                self._flowing += self._counted(lane, 1)
        else:
            if len(rows) < want.limit and not lane.missed:
                lane.more = False
        if lane.waiting:
            self._evict(lane, lane.items[0].seq + 1)
        self._arrange(lane)

    def _item(self, row: OpenDelivery, now: int) -> Item:
        due = self._clock() + (row.next_at - now) / 1000 if row.next_at > now else 0.0
        return Item(
            seq=row.seq,
            key=row.key,
            version=row.route_version,
            attempts=row.attempts,
            crashes=row.crashes,
            due=due,
            unknown=row.crashes > 0 or row.attempts > 0,
            loaded=True,
        )

    def _identity(self, item: Item) -> str | int:
        return item.key if self._ordered else item.seq

    def _admit(self, item: Item) -> bool:
        """Put a delivery at the end of its lane, where there is room; else the lane remembers that there is more."""
        identity = self._identity(item)
        lane = self._lanes.get(identity)
        if lane is None:
            lane = self._lanes[identity] = Lane(identity, item.seq - 1)
        if lane.more or lane.waiting or len(lane.items) >= self.limits.lane or self._is_held(lane, item.seq):
            lane.more = lane.missed = True
            self._feed(lane)
            return False
        lane.items.append(item)
        lane.tail = item.seq
        self._known.add(item.seq)
        self._flowing += 1
        self._arrange(lane)
        return True

    def _free(self, item: Item) -> None:
        lane = self._lanes[self._identity(item)]
        lane.busy = None
        self._arrange(lane)

    def _arrange(self, lane: Lane) -> None:
        """Put a lane where it belongs after anything about it has changed."""
        self._feed(lane)
        if lane.busy is not None or lane.queued or lane.waiting:
            return
        if not lane.items:
            if not lane.more:
                self._lanes.pop(lane.id, None)
            return
        if lane.items[0].due > self._clock():
            self._wait(lane)
        else:
            lane.queued = True
            self._ready.append(lane)

    def _wait(self, lane: Lane) -> None:
        """Let the lane wait for its head; what is behind it goes back to the journal and leaves its room to others."""
        head = lane.items[0]
        self._evict(lane, head.seq + 1)
        lane.waiting = True
        self._flowing -= 1
        lane.token = self._timer_number = self._timer_number + 1
        heapq.heappush(self._timers, (head.due, lane.token, lane.token, lane))

    def _wake(self) -> None:
        now = self._clock()
        while self._timers and self._timers[0][0] <= now:
            _, _, token, lane = heapq.heappop(self._timers)
            if lane.waiting and lane.token == token:
                self._stop_waiting(lane)
                self._arrange(lane)

    def _stop_waiting(self, lane: Lane) -> None:
        lane.waiting = False
        lane.token = 0
        self._flowing += len(lane.items)

    def _counted(self, lane: Lane, items: int) -> int:
        """How many of these count against the room in memory: the head of a waiting lane does not."""
        return 0 if lane.waiting else items

    def _evict(self, lane: Lane, seq: int) -> None:
        """Leave everything from this sequence number on to the journal."""
        gone = [item for item in lane.items if item.seq >= seq]
        if not gone:
            return
        if lane.waiting and gone[0] is lane.items[0]:
            self._stop_waiting(lane)
        self._flowing -= self._counted(lane, len(gone))
        del lane.items[len(lane.items) - len(gone) :]
        self._known.difference_update(item.seq for item in gone)
        lane.more = True
        lane.tail = min(lane.tail, gone[0].seq - 1)

    def _feed(self, lane: Lane) -> None:
        if not lane.hungry and self._is_hungry(lane):
            lane.hungry = True
            self._hungry.append(lane)

    def _is_hungry(self, lane: Lane) -> bool:
        reading = self._reading is not None and self._reading.key == lane.id
        short = len(lane.items) <= self.limits.lane // 4
        return lane.more and short and not lane.waiting and not reading and not self._is_held(lane, lane.tail + 1)

    def _is_held(self, lane: Lane, seq: int) -> bool:
        holds = self._holds.get(lane.id) if isinstance(lane.id, str) else None
        return holds is not None and seq > min(holds)

    def _forget(self, seq: int) -> None:
        self._known.discard(seq)
        if self._reading is not None:
            self._gone.add(seq)
