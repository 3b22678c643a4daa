"""Reading a queue: what is held back, what comes again, and what is said about it. The peer is RabbitMQ."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.rabbitmq import fresh
from tests.conformance.stand import RecordingIntake, until
from tests.integration.connectors.amqp.hall import Hall
from tundish.errors import AuthFailed, Misconfigured, NotConnected
from tundish_connectors.amqp.source import AmqpSource

pytestmark = pytest.mark.anyio


async def test_the_broker_holds_back_what_is_beyond_the_prefetch(hall: Hall) -> None:
    await hall.send(*(b"%d" % number for number in range(10)))
    stand, intake = hall.source(prefetch=4), RecordingIntake()
    intake.gate.clear()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(4, offered=True)
    await asyncio.sleep(0.3)
    assert (len(intake.offered), await hall.ready()) == (4, 6)
    intake.gate.set()
    await intake.wait_for(10)


async def test_many_messages_are_acknowledged_at_once(hall: Hall) -> None:
    bodies = [b"%d" % number for number in range(500)]
    await hall.send(*bodies)
    stand, intake = hall.source(), RecordingIntake()
    await stand.open()
    stand.run(intake)
    await until(lambda: len(hall.tap.acknowledged) == 500)
    assert [unit.body for unit in intake.accepted] == bodies
    assert hall.tap.acknowledgements <= 250


async def test_an_acknowledgement_of_a_lost_connection_destroys_nothing(hall: Hall) -> None:
    await hall.send(b"one")
    stand, intake = hall.source(), RecordingIntake()
    intake.gate.clear()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(1, offered=True)
    assert isinstance(stand.component, AmqpSource)
    stale = stand.component._acknowledgements
    assert stale is not None
    hall.tap.reset()
    assert isinstance(await stand.lost, NotConnected)
    await stand.close()

    await stand.open_when_possible()
    stand.run(intake)
    # The same number as before means a message that is not accepted yet.
    await intake.wait_for(2, offered=True)
    stale.up_to(1)
    await stale.finish()
    await stand.close()
    found = await hall.take()
    assert (found.body, found.redelivered) == (b"one", True)


async def test_what_was_accepted_is_acknowledged_before_closing(hall: Hall) -> None:
    bodies = [b"%d" % number for number in range(50)]
    await hall.send(*bodies)
    stand, intake = hall.source(), RecordingIntake()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(50)
    await asyncio.sleep(0.05)
    await stand.close()
    assert await hall.ready() == 0


async def test_a_deleted_queue_ends_the_reading_and_is_named(hall: Hall) -> None:
    stand = hall.source()
    await stand.open()
    stand.run(RecordingIntake())
    await asyncio.sleep(0.2)
    await (await hall.channel()).queue_delete(hall.queue)
    lost = await stand.lost
    assert isinstance(lost, NotConnected)
    assert "was the queue deleted" in str(lost)
    await stand.close()
    with pytest.raises(Misconfigured, match=rf"the queue '{hall.queue}' cannot be used: NOT_FOUND.*'declare: \{{\}}'"):
        await stand.open()


async def test_a_queue_is_made_only_when_asked_for(hall: Hall) -> None:
    queue = fresh("made")
    with pytest.raises(Misconfigured):
        await hall.source(queue=queue).open()
    stand = hall.source(queue=queue, declare={"bindings": [{"exchange": "amq.topic", "routing_key": "a.#"}]})
    await stand.open()
    intake = RecordingIntake()
    stand.run(intake)
    channel = await hall.channel()
    await channel.basic_publish(b"bound", exchange="amq.topic", routing_key="a.b")
    (unit,) = await intake.wait_for(1)
    assert (unit.meta["exchange"], unit.meta["routing_key"]) == ("amq.topic", "a.b")
    await stand.close()
    # It is durable and a quorum queue, otherwise RabbitMQ would refuse this.
    await channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})


async def test_a_queue_that_is_different_is_not_used_as_if_it_were_right(hall: Hall) -> None:
    with pytest.raises(Misconfigured, match="inequivalent arg 'x-queue-type'"):
        await hall.source(declare={"type": "quorum"}).open()


async def test_other_readers_are_reported(hall: Hall) -> None:
    first, second = hall.source(), hall.source(route="other")
    await first.open()
    assert await first.component.check() == []
    first.run(RecordingIntake())
    await asyncio.sleep(0.2)
    await second.open()
    (fault,) = await second.component.check()
    assert "has 1 other readers" in str(fault)
    assert "exclusive: true" in str(fault)


async def test_an_exclusive_reader_is_alone(hall: Hall) -> None:
    first, second = hall.source(exclusive=True), hall.source(route="other", exclusive=True)
    await first.open()
    first.run(RecordingIntake())
    await asyncio.sleep(0.2)
    await second.open()
    second.run(RecordingIntake())
    lost = await second.lost
    assert isinstance(lost, NotConnected)
    assert "has another reader" in str(lost)


async def test_what_comes_again_says_so(hall: Hall) -> None:
    queue = fresh("quorum")
    stand, intake = hall.source(queue=queue, declare={}), RecordingIntake()
    intake.gate.clear()
    await stand.open()
    await hall.send(b"one", queue=queue, headers={"line": 4, "weight": 1.5, "tags": ["a"]})
    stand.run(intake)
    await intake.wait_for(1, offered=True)
    first = intake.offered[0].meta
    assert (first["redelivered"], first["message_id"]) == (False, "one")
    assert first["headers"] == {"line": 4, "weight": pytest.approx(1.5), "tags": ["a"]}
    await stand.close()
    await stand.open()
    stand.run(intake)
    await intake.wait_for(2, offered=True)
    assert (intake.offered[1].meta["redelivered"], intake.offered[1].meta["delivery_count"]) == (True, 1)


async def test_without_the_right_to_read_nothing_is_read(hall: Hall) -> None:
    await hall.node.tell('rabbit_auth_backend_internal:add_user(<<"blind">>, <<"pw">>, <<"t">>)')
    await hall.node.tell(
        'rabbit_auth_backend_internal:set_permissions(<<"blind">>, <<"/">>, <<".*">>, <<".*">>, <<"^$">>, <<"t">>)'
    )
    stand = hall.source(hall.connection(username="blind", password=f"file:{secret(hall, 'pw')}"))
    await stand.open()
    stand.run(RecordingIntake())
    lost = await stand.lost
    assert isinstance(lost, AuthFailed)
    assert "ACCESS_REFUSED" in str(lost)


def secret(hall: Hall, text: str) -> str:
    """A file with a password."""
    file = hall.node.folder / "password"
    file.write_text(text)
    return str(file)
