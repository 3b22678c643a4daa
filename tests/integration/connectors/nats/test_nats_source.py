"""Reading a stream: order, what comes again, and what never came. The peer is nats-server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy

from tests.conformance.stand import RecordingIntake, Stand, until
from tests.integration.connectors.nats.yard import Yard
from tundish.errors import Misconfigured, NotConnected
from tundish.telemetry import Event
from tundish_connectors.nats.source import NatsSource

pytestmark = pytest.mark.anyio

CONSUMER = "tundish-in-under-test"


def gaps(stand: Stand) -> list[tuple[object, object]]:
    """First and last number of every gap that was reported."""
    return [(facts["first"], facts["last"]) for _, event, facts in stand.log.events if event == Event.SOURCE_GAP]


def numbers(intake: RecordingIntake) -> list[int]:
    """The numbers in the stream of what was accepted, each once, as they came first."""
    return list(dict.fromkeys(int(str(unit.meta["sequence"])) for unit in intake.accepted))


async def test_no_more_is_asked_for_than_there_is_room(yard: Yard) -> None:
    await yard.send(*(b"%d" % number for number in range(20)))
    stand, intake = yard.source(max_pending=4), RecordingIntake()
    intake.gate.clear()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(4, offered=True)
    await asyncio.sleep(0.3)
    info = await yard.js.consumer_info("IN", CONSUMER)
    assert (len(intake.offered), info.num_ack_pending, info.num_pending) == (4, 4, 16)
    intake.gate.set()
    await intake.wait_for(20)
    assert numbers(intake) == [*range(1, 21)]


async def test_a_journal_that_stalls_gets_nothing_twice(yard: Yard) -> None:
    await yard.send(b"one", b"two")
    stand, intake = yard.source(), RecordingIntake()
    intake.gate.clear()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(2, offered=True)
    await asyncio.sleep(2.5)
    intake.gate.set()
    await until(lambda: yard.tap.acknowledged == {1, 2})
    assert len(intake.offered) == 2
    assert (b"+WPI", 1) in yard.tap.answers


async def test_the_order_stays_when_a_life_ends_without_a_word(yard: Yard) -> None:
    await yard.send(*(b"%d" % number for number in range(20)))
    stand, first = yard.source(max_pending=10), RecordingIntake()
    first.gate.clear()
    await stand.open()
    stand.run(first)
    await first.wait_for(10, offered=True)
    yard.tap.reset()
    assert isinstance(await stand.lost, NotConnected)
    await stand.close()

    second = RecordingIntake()
    await stand.open_when_possible()
    stand.run(second)
    await second.wait_for(20)
    assert numbers(second) == [*range(1, 21)]
    assert [unit.meta["redelivered"] for unit in second.accepted[:11]] == [True] * 10 + [False]


async def test_an_acknowledgement_of_a_lost_connection_is_not_sent(yard: Yard) -> None:
    await yard.send(b"one")
    stand, intake = yard.source(), RecordingIntake()
    intake.gate.clear()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(1, offered=True)
    assert isinstance(stand.component, NatsSource)
    stale = stand.component._in_hand
    assert stale is not None
    yard.tap.cut()
    await stand.lost
    await stand.close()
    await stand.open_when_possible()
    for number, reply in list(stale._waiting.items()):
        stale.done(number, reply)
    with pytest.raises(NotConnected):
        await stale.acknowledged()
    assert yard.tap.acknowledged == set()


async def test_what_was_discarded_is_reported(yard: Yard, tmp_path: Path) -> None:
    await yard.stream("SHORT", max_msgs=10)
    stand, intake = yard.source(stream="SHORT"), RecordingIntake()
    await stand.open()
    (fault,) = await stand.component.check()
    assert "drops its oldest messages beyond 10 messages" in str(fault)
    stand.run(intake)
    await yard.send(*(b"%d" % number for number in range(5)), subject="short.a")
    await intake.wait_for(5)
    await stand.close()
    await yard.send(*(b"%d" % number for number in range(5, 50)), subject="short.a")

    intake.position = intake.accepted[-1].cursor
    await stand.open()
    stand.run(intake)
    await intake.wait_for(15)
    assert numbers(intake) == [*range(1, 6), *range(41, 51)]
    assert gaps(stand) == [(6, 40)]
    (kept,) = (tmp_path / "data").rglob("gaps.jsonl")
    assert json.loads(kept.read_text())["reason"] == "the stream discarded them before they were read"


async def test_what_is_discarded_under_our_eyes_is_reported(yard: Yard) -> None:
    await yard.stream("SHORT", max_msgs=10)
    stand, intake = yard.source(stream="SHORT", max_pending=1), RecordingIntake()
    intake.gate.clear()
    await stand.open()
    stand.run(intake)
    await yard.send(b"0", subject="short.a")
    await intake.wait_for(1, offered=True)
    await yard.send(*(b"%d" % number for number in range(1, 30)), subject="short.a")
    intake.gate.set()
    await intake.wait_for(11)
    assert numbers(intake) == [1, *range(21, 31)]
    assert gaps(stand) == [(2, 20)]


async def test_a_stream_that_was_made_anew_is_read_from_its_beginning(yard: Yard) -> None:
    stand, intake = yard.source(), RecordingIntake()
    await stand.open()
    stand.run(intake)
    await yard.send(b"a", b"b", b"c")
    await intake.wait_for(3)
    await yard.js.delete_stream("IN")
    assert isinstance(await stand.lost, NotConnected)
    await stand.close()
    with pytest.raises(Misconfigured, match="there is no stream 'IN'"):
        await stand.open()
    await yard.stream("IN")
    await yard.send(b"d")
    intake.position = intake.accepted[-1].cursor
    await stand.open()
    stand.run(intake)
    await intake.wait_for(4)
    assert intake.accepted[3].body == b"d"
    assert gaps(stand) == [(4, None)]


async def test_a_consumer_that_is_lost_begins_behind_the_journal(yard: Yard) -> None:
    stand, intake = yard.source(), RecordingIntake()
    await stand.open()
    stand.run(intake)
    await yard.send(b"a", b"b")
    await intake.wait_for(2)
    await asyncio.sleep(0.1)
    await yard.js.delete_consumer("IN", CONSUMER)
    lost = await stand.lost
    assert isinstance(lost, NotConnected)
    await stand.close()
    await yard.send(b"c")
    intake.position = intake.accepted[-1].cursor
    await stand.open()
    stand.run(intake)
    await intake.wait_for(3)
    assert [unit.body for unit in intake.accepted] == [b"a", b"b", b"c"]
    assert gaps(stand) == []


async def test_only_a_subject_is_read_where_one_is_given(yard: Yard) -> None:
    stand, intake = yard.source(subject="in.*.done"), RecordingIntake()
    await stand.open()
    stand.run(intake)
    await yard.send(b"no", subject="in.a.begun")
    await yard.send(b"yes", subject="in.a.done", headers={"Line": "4"})
    (unit,) = await intake.wait_for(1)
    assert (unit.body, unit.meta["subject"], unit.meta["headers"]) == (b"yes", "in.a.done", {"Line": "4"})
    assert gaps(stand) == []


async def test_a_stream_is_made_only_when_asked_for(yard: Yard) -> None:
    with pytest.raises(Misconfigured, match="'declare: "):
        await yard.source(stream="MADE").open()
    stand = yard.source(stream="MADE", declare={"subjects": ["made.>"]})
    await stand.open()
    assert await stand.component.check() == []
    config = (await yard.js.stream_info("MADE")).config
    assert (config.storage, config.discard) == ("file", DiscardPolicy.NEW)


async def test_a_consumer_of_somebody_else_is_used_as_it_is(yard: Yard) -> None:
    with pytest.raises(Misconfigured, match="has no consumer 'theirs'"):
        await run_until_lost(yard.source(consumer="theirs"))
    await yard.js.add_consumer("IN", ConsumerConfig(durable_name="theirs", ack_policy=AckPolicy.ALL, max_deliver=3))
    stand, intake = yard.source(consumer="theirs", route="other"), RecordingIntake()
    await stand.open()
    text = str([*await stand.component.check()])
    assert "has the acknowledgement policy 'all'" in text
    assert "gives a message up after it was handed out 3 times" in text
    stand.run(intake)
    await yard.send(b"one")
    await intake.wait_for(1)
    assert (await yard.js.consumer_info("IN", "theirs")).config.max_deliver == 3


async def run_until_lost(stand: Stand) -> None:
    """Raises what the source is lost by."""
    await stand.open()
    stand.run(RecordingIntake())
    raise await stand.lost
