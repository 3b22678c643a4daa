"""Deliveries that share a round trip: each hears its own outcome, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conformance.stand import Held, outgoing
from tundish.errors import DeliveryError, Rejected, Transient, Unknown
from tundish.model import Outgoing, Receipt
from tundish.sdk import Batches
from tundish.sdk.batching import Send

pytestmark = pytest.mark.anyio


class Carrier:
    """Keeps the batches. Messages with an odd number are refused where the test says so."""

    def __init__(self, *, refuse_odd: bool = False, error: Exception | None = None) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()
        self._refuse_odd = refuse_odd
        self._error = error

    async def send(self, messages: Sequence[Outgoing]) -> Sequence[Receipt | DeliveryError]:
        self.batches.append([message.id for message in messages])
        self.begun.set()
        await self.gate.wait()
        if self._error is not None:
            raise self._error
        return [
            Rejected("odd") if self._refuse_odd and message.id % 2 else Receipt(remote_id=str(message.id))
            for message in messages
        ]


@asynccontextmanager
async def batches(folder: Path, send: Send, most: int, within: float = 0.0) -> AsyncIterator[Batches]:
    async with asyncio.TaskGroup() as group:
        held, made = Held(group, "batches", folder), Batches(send, most=most, within=within)
        made.start(held.context)
        try:
            yield made
        finally:
            await held.stop_tasks()
            made.close()


async def deliver(made: Batches, count: int) -> list[Receipt | BaseException]:
    return list(await asyncio.gather(*(made.deliver(outgoing(n)) for n in range(count)), return_exceptions=True))  # noqa: TID251 - the test is the owner


async def test_what_waits_goes_together(tmp_path: Path) -> None:
    carrier = Carrier()
    async with batches(tmp_path, carrier.send, most=4) as made:
        outcomes = await deliver(made, 10)
    assert carrier.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [outcome.remote_id for outcome in outcomes if isinstance(outcome, Receipt)] == [str(n) for n in range(10)]


async def test_each_hears_its_own_outcome(tmp_path: Path) -> None:
    async with batches(tmp_path, Carrier(refuse_odd=True).send, most=10) as made:
        outcomes = await deliver(made, 4)
    assert [type(outcome) for outcome in outcomes] == [Receipt, Rejected, Receipt, Rejected]


async def test_what_sending_raises_holds_for_all(tmp_path: Path) -> None:
    async with batches(tmp_path, Carrier(error=Transient("busy")).send, most=10) as made:
        outcomes = await deliver(made, 3)
    assert [type(outcome) for outcome in outcomes] == [Transient] * 3


async def test_a_batch_waits_for_more_where_it_is_asked_to(tmp_path: Path) -> None:
    carrier = Carrier()
    async with batches(tmp_path, carrier.send, most=3, within=0.05) as made, asyncio.TaskGroup() as group:
        for number in range(2):
            group.create_task(made.deliver(outgoing(number)))
            await asyncio.sleep(0.01)
    assert carrier.batches == [[0, 1]]


async def test_a_full_batch_waits_for_nothing(tmp_path: Path) -> None:
    carrier = Carrier()
    async with batches(tmp_path, carrier.send, most=3, within=60.0) as made:
        async with asyncio.timeout(5):
            await deliver(made, 3)
    assert carrier.batches == [[0, 1, 2]]


async def test_closing_tells_everybody(tmp_path: Path) -> None:
    carrier = Carrier()
    carrier.gate.clear()
    async with batches(tmp_path, carrier.send, most=2) as made, asyncio.TaskGroup() as group:
        waiting = group.create_task(deliver(made, 4))
        await carrier.begun.wait()
        group.create_task(_close(made))
        await asyncio.sleep(0)
        carrier.gate.set()
        outcomes = await waiting
    assert [type(outcome) for outcome in outcomes] == [Receipt, Receipt, Transient, Transient]
    with pytest.raises(Transient, match="being closed"):
        await made.deliver(outgoing(9))


async def _close(made: Batches) -> None:
    made.close()


async def test_a_batch_that_is_broken_off_may_have_arrived(tmp_path: Path) -> None:
    carrier = Carrier()
    carrier.gate.clear()
    async with asyncio.TaskGroup() as group:
        async with batches(tmp_path, carrier.send, most=2) as made:
            waiting = group.create_task(deliver(made, 2))
            await carrier.begun.wait()
        assert [type(outcome) for outcome in await waiting] == [Unknown, Unknown]


async def test_who_no_longer_waits_is_not_carried(tmp_path: Path) -> None:
    carrier = Carrier()
    async with batches(tmp_path, carrier.send, most=5) as made, asyncio.TaskGroup() as group:
        first = group.create_task(made.deliver(outgoing(1)))
        second = group.create_task(made.deliver(outgoing(2)))
        await asyncio.sleep(0)
        first.cancel()
        await second
    assert carrier.batches == [[2]]
