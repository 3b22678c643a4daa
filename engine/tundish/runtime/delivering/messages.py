"""Messages in hand: read once, decoded once, through the steps once, for all their destinations."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from tundish.errors import Bug, Invalid
from tundish.formats.json_reader import JsonReader
from tundish.journal.contract import Journal, StoredMessage
from tundish.model import Record, Scope, Value
from tundish.plan.evaluation import scope_of
from tundish.plan.processing import process, process_now
from tundish.plan.reading import read
from tundish.plan.route import LookupService, Processed, ReadMessage, RoutePlan

KEPT_BYTES = 48 * 1024 * 1024
"""Bytes of memory, about, for messages between acceptance and delivery."""
KEPT_MESSAGES = 4096
AHEAD_BYTES = 8 * 1024 * 1024
"""Bytes of bodies for messages that were read from the journal before their turn."""
_BESIDE = 512
_RECORD = 8
"""Bytes of memory for each byte of JSON, at most."""

_read_json = JsonReader(duplicate_keys=True).read
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True, eq=False)
class InHand:
    """One message in memory."""

    stored: StoredMessage
    record: Value
    scope: Scope
    uses: int
    """Deliveries that will still ask for it."""
    processed: tuple[RoutePlan, Processed] | None = None
    """What the steps of that route version made of it."""
    running: tuple[RoutePlan, asyncio.Future[Processed]] | None = None
    """The steps that one delivery has started and others wait for."""


def instant(milliseconds: int) -> datetime:
    """Unix milliseconds as a time with zone, exactly."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def record_of(plan: RoutePlan, stored: StoredMessage, meta: Record) -> Value:
    """The record of a stored message. Raises Invalid where its route version cannot read it any more."""
    if stored.payload:
        return _read_json(stored.payload)
    for part in read(plan, (stored.body,), meta, instant(stored.received)):
        if isinstance(part, ReadMessage):
            return part.record
        raise Invalid("the stored message cannot be read by this version of the route", faults=part.faults)
    raise Invalid("the stored unit holds no message for this version of the route")


class Messages:
    """The messages in hand of one route, bounded in bytes and number; the oldest leave first."""

    def __init__(self, journal: Journal, *, most_ahead: int = AHEAD_BYTES) -> None:
        """`most_ahead` bytes of messages that were read before their turn stay in memory."""
        self._journal = journal
        self._most_ahead = most_ahead
        self._kept: OrderedDict[int, InHand] = OrderedDict()
        self._bytes = 0
        self._ahead: OrderedDict[int, StoredMessage] = OrderedDict()
        self._ahead_bytes = 0
        self._beyond: Counter[int] = Counter()
        self._dying: set[int] = set()

    def keep(self, hand: InHand) -> None:
        """Remember a message that was just accepted."""
        self._kept[hand.stored.seq] = hand
        self._bytes += _size(hand)
        while self._bytes > KEPT_BYTES or len(self._kept) > KEPT_MESSAGES:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= _size(oldest)

    async def read_ahead(self, seqs: Iterable[int]) -> None:
        """Read messages whose turn comes soon, with one question for many, as far as they may stay in memory.

        Raises JournalError.
        """
        wanted = [seq for seq in seqs if seq not in self._kept and seq not in self._ahead]
        for stored in await self._journal.messages_of(wanted, most_bytes=self._most_ahead):
            # Another destination may have brought it in meanwhile.
            if stored.seq not in self._ahead:
                self._ahead[stored.seq] = stored
                self._ahead_bytes += _bytes(stored)
        while self._ahead_bytes > self._most_ahead:
            self._ahead_bytes -= _bytes(self._ahead.popitem(last=False)[1])

    async def _stored(self, seq: int) -> StoredMessage:
        stored = self._ahead.pop(seq, None)
        if stored is not None:
            self._ahead_bytes -= _bytes(stored)
            return stored
        stored = await self._journal.message_of(seq)
        if stored is None:
            raise Bug(f"message {seq} is not in the journal, although its delivery is")
        return stored

    async def get(self, seq: int, plan: RoutePlan) -> InHand:
        """A message, from memory or from the journal, read by this version of its route.

        Raises JournalError, Invalid, or Bug where the journal does not have it.
        """
        hand = self._kept.get(seq)
        if hand is not None:
            return hand
        stored = await self._stored(seq)
        meta = cast("Record", _read_json(stored.meta))
        # Another destination may have brought it in meanwhile.
        hand = self._kept.get(seq)
        if hand is None:
            record = record_of(plan, stored, meta)
            hand = InHand(stored, record, scope_of(plan, meta, instant(stored.received)), uses=1)
            self.keep(hand)
        return hand

    def let_go(self, hand: InHand) -> None:
        """One delivery has ended its attempt; a later one reads the message again."""
        hand.uses -= 1
        if hand.uses <= 0 and self._kept.pop(hand.stored.seq, None) is not None:
            self._bytes -= _size(hand)

    async def through_steps(self, hand: InHand, plan: RoutePlan, lookups: LookupService) -> Processed:
        """The message behind the route's steps. Raises a DeliveryError.

        Deliveries that come while the steps run share the outcome.
        """
        if hand.processed is not None and hand.processed[0] is plan:
            return hand.processed[1]
        if not plan.awaits:
            result = process_now(plan, hand.record, hand.scope)
        elif hand.running is not None and hand.running[0] is plan:
            return await asyncio.shield(hand.running[1])
        else:
            result = await self._ask_and_share(hand, plan, lookups)
        hand.processed = (plan, result)
        return result

    async def _ask_and_share(self, hand: InHand, plan: RoutePlan, lookups: LookupService) -> Processed:
        shared: asyncio.Future[Processed] = asyncio.get_running_loop().create_future()
        hand.running = (plan, shared)
        try:
            result = await process(plan, hand.record, hand.scope, lookups)
        except Exception as error:
            shared.set_exception(error)
            shared.exception()  # whoever waits gets it; nobody has to
            raise
        except asyncio.CancelledError:
            shared.cancel()
            raise
        else:
            shared.set_result(result)
            return result
        finally:
            hand.running = None

    def dies(self, seq: int) -> bool:
        """A message becomes a dead letter in the steps; False where another delivery of it said so already."""
        if seq in self._dying:
            return False
        self._dying.add(seq)
        return True

    def died(self, seq: int) -> None:
        """The dead letter is on disk."""
        self._dying.discard(seq)

    def is_beyond_steps(self, seq: int) -> bool:
        """Some delivery of this message is on its way to a destination."""
        return self._beyond[seq] > 0

    def went_beyond(self, seq: int) -> None:
        """A delivery of this message leaves the steps for its destination."""
        self._beyond[seq] += 1

    def came_back(self, seq: int) -> None:
        """That delivery has ended."""
        self._beyond[seq] -= 1
        if not self._beyond[seq]:
            del self._beyond[seq]


def _size(hand: InHand) -> int:
    # A record takes 2 to 8 times its JSON; most of it is what every object and every key takes.
    return _RECORD * _bytes(hand.stored)


def _bytes(stored: StoredMessage) -> int:
    """With what a message takes in memory beside its content."""
    return len(stored.body) + len(stored.payload) + _BESIDE
