"""A seeded load on a journal that tells what it was promised, and the check that the promises were kept."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from zlib import crc32

from tundish.errors import JournalError
from tundish.journal import Limits, NewMessage, NewUnit, Selection, SqliteJournal

Tell = Callable[[tuple[str, int, str]], None]
"""Takes a fact, a sequence number and what belongs to it, as soon as the journal has answered."""

SMALL = Limits(ballast=0, min_free=0, log=40 * 4096)
"""No ballast, and a log that is put back often, so that every kind of write is met."""
ROUTES = ("confirmations", "orders")
DESTINATIONS = ("erp", "historian")


def dice_of(seed: float) -> random.Random:
    """The same throws for the same seed, so that a failure can be replayed."""
    return random.Random(seed)  # noqa: S311 - dice, not secrets


async def register(journal: SqliteJournal) -> list[int]:
    """The versions of the routes of the load; the same each time."""
    return [await journal.register_route(name, name.encode().ljust(16)[:16], name) for name in ROUTES]


async def produce(
    journal: SqliteJournal, versions: list[int], seed: int, tell: Tell, *, units: int, producers: int = 8
) -> None:
    """Accept units from several sources at once and settle their deliveries. Raises what the journal raises."""
    dice = dice_of(seed)
    async with asyncio.TaskGroup() as group:
        for number in range(producers):
            group.create_task(_source(journal, dice_of(dice.random()), tell, versions, units // producers, number))


async def _source(
    journal: SqliteJournal, dice: random.Random, tell: Tell, versions: list[int], units: int, number: int
) -> None:
    for _ in range(units):
        payloads = [dice.randbytes(dice.randint(50, 3000)) for _ in range(dice.choice((1, 1, 1, 3)))]
        messages = tuple(
            NewMessage(f"key{number}", dice.randbytes(16), payload, DESTINATIONS, once=dice.randbytes(16))
            for payload in payloads
        )
        cursor = (f"source{number}", dice.randbytes(8))
        accepted = await journal.accept(NewUnit(dice.choice(versions), 0, b"{}", b"", messages, cursor=cursor))
        for seq, payload in zip(accepted.seqs, payloads, strict=True):
            tell(("accepted", seq, f"{crc32(payload):08x}"))
        for seq in accepted.fresh:
            for destination in DESTINATIONS:
                await _settle(journal, dice, tell, seq, destination)


async def _settle(journal: SqliteJournal, dice: random.Random, tell: Tell, seq: int, destination: str) -> None:
    tell(("begun", seq, destination))
    journal.started(seq, destination)
    fate = dice.random()
    if fate < 0.7:
        await journal.done(seq, destination, "delivered", remote_id=f"DOC-{seq}")
        tell(("done", seq, destination))
    elif fate < 0.8:
        await journal.retry(seq, destination, 0, "Transient", "503")
        tell(("retried", seq, destination))
    elif fate < 0.9:
        await journal.bury(seq, destination, "Rejected", "400")
        tell(("buried", seq, destination))
        if dice.random() < 0.3:
            tell(("replaying", seq, destination))
            await journal.replay(Selection(seqs=(seq,), destination=destination), by="load")
            tell(("replayed", seq, destination))


@dataclass(slots=True)
class Promises:
    """What the journal has told, and must hold to."""

    accepted: dict[int, str] = field(default_factory=dict)
    fates: dict[tuple[int, str], str] = field(default_factory=dict)
    begun: set[tuple[int, str]] = field(default_factory=set)

    def tell(self, fact: tuple[str, int, str]) -> None:
        """Take in one fact."""
        what, seq, detail = fact
        if what == "accepted":
            self.accepted[seq] = detail
        elif what == "begun":
            self.begun.add((seq, detail))
        else:
            self.fates[seq, detail] = what

    def _forget(self, seq: int) -> None:
        del self.accepted[seq]
        for destination in DESTINATIONS:
            self.fates.pop((seq, destination), None)

    async def check(self, journal: SqliteJournal, *, purged: bool = False) -> None:
        """I1: all there, as it was; I2: every delivery has one fate; I4: crashes only where something was in flight.

        `purged` allows messages that are done to be gone.
        """
        await journal.flush()
        opened = {}
        for route in ROUTES:
            for delivery in await journal.open_deliveries(route, after=0, limit=1_000_000):
                opened[delivery.seq, delivery.destination] = delivery
        letters = await journal.ask(lambda reader: reader.dead_letters(Selection(limit=1_000_000)))
        dead = {(letter.seq, letter.destination) for letter in letters}
        for seq, checksum in list(self.accepted.items()):
            stored = await journal.message_of(seq)
            if stored is None:
                kept = [d for d in DESTINATIONS if self.fates.get((seq, d), "unknown") not in {"done", "unknown"}]
                assert purged, f"message {seq} was acknowledged and is gone"
                assert not kept, f"message {seq} was purged and was not done"
                self._forget(seq)
                continue
            assert f"{crc32(stored.payload):08x}" == checksum, f"message {seq} is not what was accepted"
        for (seq, destination), fate in self.fates.items():
            where = (seq, destination)
            if fate == "replaying":
                assert (where in dead) != (where in opened), f"{where} was being replayed"
                continue
            assert (where in dead) == (fate == "buried"), f"{where} was {fate}"
            assert (where in opened) == (fate in {"retried", "replayed"}), f"{where} was {fate}"
        for where, delivery in opened.items():
            assert not delivery.crashes or where in self.begun, f"{where} was never begun"
        assert await journal.ask(lambda reader: reader.verify()) == []
        for totals in await journal.ask(lambda reader: reader.totals()):
            assert totals.balanced, totals


def first_error(group: BaseException) -> BaseException:
    """One of the errors that ended the sources; all others must be of the journal as well."""
    if not isinstance(group, BaseExceptionGroup):
        return group
    assert not group.split(JournalError)[1], group
    return group.exceptions[0]
