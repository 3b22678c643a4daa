"""The order of a stream while somebody else has a part of it, e.g. a line that is dead. The peer is nats-server."""

from __future__ import annotations

import asyncio

import pytest
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig

from tests.conformance.stand import RecordingIntake, Stand
from tests.integration.connectors.nats.yard import Yard

pytestmark = pytest.mark.anyio

CONSUMER = "tundish-in-under-test"


def bodies(intake: RecordingIntake) -> list[object]:
    """What was accepted, each once, as it came first."""
    return list(dict.fromkeys(unit.body for unit in intake.accepted))


def numbered(first: int, last: int) -> list[bytes]:
    """Bodies that tell their place."""
    return [b"%d" % number for number in range(first, last + 1)]


async def run(stand: Stand) -> RecordingIntake:
    """Open a source and let it receive."""
    intake = RecordingIntake()
    await stand.open()
    stand.run(intake)
    return intake


async def consumer(yard: Yard) -> None:
    """What an earlier life of the source has made."""
    config = ConsumerConfig(durable_name=CONSUMER, ack_policy=AckPolicy.EXPLICIT, ack_wait=1)
    await yard.js.add_consumer("IN", config)


async def taken_before(yard: Yard, count: int, sent: int) -> list[Msg]:
    """Of the messages that were sent, an earlier life of the source has these."""
    await consumer(yard)
    await yard.send(*numbered(1, sent))
    return await (await yard.other_reader("IN", CONSUMER, count)).came(count)


async def test_a_request_that_is_still_open_takes_what_others_wait_for(yard: Yard) -> None:
    await consumer(yard)
    intake = await run(yard.source())
    await yard.send(b"0")
    await intake.wait_for(1)
    dead = await yard.other_reader("IN", CONSUMER, 1)  # the server serves the requests in turn
    await yard.send(*numbered(1, 20))
    await intake.wait_for(21)
    assert len(await dead.came(1)) == 1
    assert bodies(intake) == numbered(0, 20)


async def test_what_an_earlier_life_still_held_on_to_is_waited_for(yard: Yard) -> None:
    taken = await taken_before(yard, 3, sent=3)
    intake = await run(yard.source())
    await yard.send(*numbered(4, 6))
    for _ in range(3):  # its last signs of life were on their way
        await asyncio.sleep(0.7)
        for message in taken:
            await message.in_progress()
    assert bodies(intake) == []
    await intake.wait_for(6)
    assert bodies(intake) == numbered(1, 6)


async def test_what_comes_again_in_another_order_is_put_right(yard: Yard) -> None:
    taken = await taken_before(yard, 4, sent=6)
    for message in reversed(taken[2:]):
        await message.nak()
    intake = await run(yard.source())
    await intake.wait_for(6)
    assert bodies(intake) == numbered(1, 6)


async def test_there_is_room_for_what_is_missing(yard: Yard) -> None:
    await taken_before(yard, 4, sent=30)
    intake = await run(yard.source(max_pending=2))
    await intake.wait_for(30)
    assert bodies(intake) == numbered(1, 30)


async def test_what_was_given_back_is_there_at_once(yard: Yard) -> None:
    await yard.send(*numbered(1, 6))
    stand, first = yard.source(max_pending=3, ack_wait="30s"), RecordingIntake()
    first.gate.clear()
    await stand.open()
    stand.run(first)
    await first.wait_for(3, offered=True)
    await stand.close()
    second = await run(stand)
    await second.wait_for(6)
    assert bodies(second) == numbered(1, 6)
