"""`kill -9` of the daemon at random points under load: nothing is lost, and no order is broken.

The invariants are those of the journal (I1 to I4, I6), seen from outside: by clients that were acknowledged, and by a
system that books. `TUNDISH_KILLS` sets the number of kills, `TUNDISH_SEED` the moments.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import pytest

from tests.crash.daemon.ledger import drained
from tests.crash.daemon.peers import Booking, Clients, Erp, Site
from tests.crash.process import Process
from tundish.journal import Selection, SqliteReader, open_reader

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(900)]

KILLS = int(os.environ.get("TUNDISH_KILLS", "100"))
SEED = int(os.environ.get("TUNDISH_SEED", "20260101"))
CLIENTS = 8
UNCONFIRMED = 64
"""Deliveries whose receipt may not be on disk when the process dies: in flight, and written since the last sync."""
PROGRESS = 40
"""Requests that the ERP gets in a life, but for every fourth, before a kill is due: what was in flight is settled."""
LONGEST_WAIT = 0.4
"""Seconds from then until the kill; every fourth time from the moment at which the daemon began to start."""
READY_WITHIN = 5.0


async def asked_for_more(erp: Erp, count: int) -> None:
    """Wait for so many more requests."""
    enough = len(erp.requests) + count
    async with asyncio.timeout(30):
        while len(erp.requests) < enough:  # noqa: ASYNC110 - nobody announces them
            await asyncio.sleep(0.005)


async def test_a_hundred_kills_under_load(tmp_path: Path) -> None:
    site, erp, chance = Site.build(tmp_path), Erp(), random.Random(SEED)  # noqa: S311 - repeatable, no secret
    clients = Clients(site.inbound)
    async with erp.listening(site.erp), asyncio.TaskGroup() as load:
        for client in range(CLIENTS):
            load.create_task(clients.run(client))
        for life in range(KILLS + 1):
            erp.life, daemon = life, Process(site)
            await daemon.begin()
            if life < KILLS:
                if life % 4:
                    await daemon.ready()
                    await asked_for_more(erp, PROGRESS)
                await asyncio.sleep(chance.uniform(0.0, LONGEST_WAIT))
                await daemon.kill()
        await daemon.ready()
        clients.stop()
        await asyncio.sleep(0.5)
        totals = await drained(site.data)
        assert await daemon.stop() == 0

    acknowledged = {f"{order}/{step}" for order, steps in clients.acknowledged.items() for step in steps}
    assert len(acknowledged) > KILLS, "there was hardly any load"
    assert totals.balanced
    assert_nothing_lost(site, acknowledged, clients.poison, erp)
    assert_in_order(erp.booked())
    assert_few_repeats(erp.booked())
    print(f"{KILLS} kills, {len(acknowledged)} acknowledged, {len(erp.requests)} requests")


def assert_nothing_lost(site: Site, acknowledged: set[str], poison: set[str], erp: Erp) -> None:
    """What was acknowledged was booked, or is a dead letter with its reason; nothing else was booked."""
    booked = {booking.id for booking in erp.booked()}
    with open_reader(site.data) as journal:
        dead = journal.dead_letters(Selection(route="bookings", limit=1_000_000))
        # What was in flight at three kills may be what kills the process, and waits for a human: a few are, by chance.
        unlucky = {identity(journal, letter.seq) for letter in dead if letter.error == "Bug"}
    assert {letter.error for letter in dead} <= {"Rejected", "Bug"}
    assert len(unlucky) <= KILLS // 10
    assert poison & acknowledged <= acknowledged - booked <= poison | unlucky
    assert len(dead) == len(poison | unlucky)
    assert booked <= acknowledged


def identity(journal: SqliteReader, seq: int) -> str:
    """The id that the client gave a message."""
    message = journal.message(seq)
    assert message is not None
    found: str = json.loads(message.payload or message.body)["id"]
    return found


def assert_in_order(booked: Iterable[Booking]) -> None:
    """The first success of every message is in the order of its key."""
    seen: set[str] = set()
    last: dict[str, int] = defaultdict(lambda: -1)
    for booking in booked:
        if booking.id not in seen:
            seen.add(booking.id)
            assert booking.step > last[booking.order], f"{booking.id} came after step {last[booking.order]}"
            last[booking.order] = booking.step


def assert_few_repeats(booked: Iterable[Booking]) -> None:
    """A message is only booked again when a life ended before its receipt was on disk, and then under the same key."""
    first: dict[str, Booking] = {}
    again: dict[int, int] = defaultdict(int)
    for booking in booked:
        before = first.setdefault(booking.id, booking)
        if before is not booking:
            assert booking.idempotency_key == before.idempotency_key
            assert booking.life > before.life, f"{booking.id} was booked twice in one life"
            again[booking.life] += 1
    assert max(again.values(), default=0) <= UNCONFIRMED


async def test_a_message_that_kills_the_process_is_a_dead_letter_at_the_third_crash(tmp_path: Path) -> None:
    site, erp = Site.build(tmp_path), Erp(busy=0.0)
    clients = Clients(site.inbound)
    daemon = Process(site)
    killer = "WO-0-3/3"
    starts: list[float] = []

    def on_request(identity: str) -> None:
        if identity == killer:
            daemon.send_kill()

    erp.on_request = on_request
    async with erp.listening(site.erp), asyncio.TaskGroup() as load:
        load.create_task(clients.run(0))
        while not await lives(daemon, 1.0):
            erp.life += 1
            daemon, begun = Process(site), time.monotonic()
            await daemon.start()
            starts.append(time.monotonic() - begun)
        clients.stop()
        await asyncio.sleep(0.3)
        totals = await drained(site.data)
        await daemon.stop()

    assert median(starts) < READY_WITHIN
    with open_reader(site.data) as journal:
        letters = journal.dead_letters(Selection(route="bookings", key="WO-0-3"))
    (letter,) = [letter for letter in letters if letter.error == "Bug"]
    assert "died 3 times" in letter.text
    # That it was in flight the first time may not have been on disk yet.
    assert sum(request.id == killer for request in erp.requests) in {3, 4}
    assert totals.balanced
    assert_in_order(erp.booked())
    assert max(booking.step for booking in erp.booked() if booking.order == "WO-0-3") > 3


async def lives(daemon: Process, seconds: float) -> bool:
    """Whether the daemon is still there after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await daemon.ended()
    except TimeoutError:
        return True
    return False
