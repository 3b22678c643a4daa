"""Publishing: what counts as delivered, and whose fault a refusal is. The peer is RabbitMQ."""

from __future__ import annotations

import asyncio

import pytest
from pamqp.common import FieldValue

from tests.conformance.rabbitmq import LARGEST, fresh
from tests.conformance.stand import Stand, outgoing
from tests.integration.connectors.amqp.hall import Hall
from tundish.errors import AuthFailed, DeliveryError, Invalid, Misconfigured, Rejected, Transient
from tundish.model import Outgoing

pytestmark = pytest.mark.anyio


async def test_a_message_carries_its_id_and_survives_the_broker(hall: Hall) -> None:
    stand = hall.destination(headers={"line": "{{ line }}"})
    await stand.open()
    receipt = await stand.destination.deliver(outgoing(1, b"one", line="L4"))
    assert receipt.facts == {"exchange": "", "routing_key": hall.queue}
    properties = (await hall.take()).header.properties
    assert (properties.message_id, properties.delivery_mode) == ("key-00001", 2)
    assert (properties.content_type, properties.headers) == ("application/json", {"line": "L4"})


async def test_a_message_that_no_queue_takes_is_refused(hall: Hall) -> None:
    stand = hall.destination(routing_key="nowhere.{{ id }}")
    await stand.open()
    with pytest.raises(Rejected, match=r"no queue is bound with the routing key 'nowhere\.m00001'"):
        await stand.destination.deliver(outgoing(1))
    lenient = hall.destination(routing_key="nowhere", mandatory=False)
    await lenient.open()
    await lenient.destination.deliver(outgoing(1))


async def test_a_full_queue_is_tried_again(hall: Hall) -> None:
    queue = fresh("full")
    limits: dict[str, FieldValue] = {"x-max-length": 2, "x-overflow": "reject-publish"}
    await (await hall.channel()).queue_declare(queue, durable=True, arguments=limits)
    stand = hall.destination(routing_key=queue)
    await stand.open()
    # Where RabbitMQ stops counting differs by one from version to version.
    found = [outcome for number in range(6) for outcome in await outcomes(stand, [outgoing(number)])]
    assert found[-1] == "Transient"
    assert set(found) <= {"delivered", "Transient"}
    # Where RabbitMQ stops counting differs by one from version to version.
    found = [outcome for number in range(6) for outcome in await outcomes(stand, [outgoing(number)])]
    assert found[-1] == "Transient"
    assert set(found) <= {"delivered", "Transient"}
    with pytest.raises(Transient, match="a queue is full"):
        await stand.destination.deliver(outgoing(5))
    while await hall.ready(queue):
        await hall.take(queue)
    await stand.destination.deliver(outgoing(9, b"nine"))
    assert (await hall.take(queue)).body == b"nine"


async def test_a_broker_that_is_short_of_disk_is_waited_for(hall: Hall) -> None:
    stand = hall.destination(timeout="500ms")
    await stand.open()
    await stand.destination.deliver(outgoing(1))
    await hall.node.tell("rabbit_alarm:set_alarm({{resource_limit, disk, node()}, []})")
    try:
        for number in (2, 3):
            with pytest.raises(Transient, match="short of memory or disk"):
                await stand.destination.deliver(outgoing(number))
        assert not stand.lost.done()
    finally:
        await hall.node.tell("rabbit_alarm:clear_alarm({resource_limit, disk, node()})")
    await asyncio.sleep(0.2)
    await stand.destination.deliver(outgoing(4))


async def test_a_fixed_exchange_must_be_there(hall: Hall) -> None:
    with pytest.raises(Misconfigured, match="the exchange 'absent' cannot be used: NOT_FOUND"):
        await hall.destination(exchange="absent").open()


async def test_an_exchange_from_data_that_is_not_there_disturbs_no_other(hall: Hall) -> None:
    await (await hall.channel()).queue_bind(hall.queue, "amq.direct", "k")
    stand = hall.destination(exchange="{{ to }}", routing_key="k")
    await stand.open()
    found = await outcomes(stand, [outgoing(n, to="absent" if n % 3 == 0 else "amq.direct") for n in range(30)])
    assert found == ["Rejected" if n % 3 == 0 else "delivered" for n in range(30)]
    assert await hall.ready() == 20


async def test_only_the_message_that_is_too_large_is_refused(hall: Hall) -> None:
    stand = hall.destination()
    await stand.open()
    messages = [outgoing(n, b"x" * (LARGEST + 1) if n == 5 else b"%d" % n) for n in range(10)]
    found = await outcomes(stand, messages)
    assert found[5] == "Rejected"
    assert set(found) <= {"Rejected", "delivered", "Transient"}
    again = [message for message, outcome in zip(messages, found, strict=True) if outcome == "Transient"]
    assert await outcomes(stand, again) == ["delivered"] * len(again)
    assert await hall.ready() >= 9


async def outcomes(stand: Stand, messages: list[Outgoing]) -> list[str]:
    """What became of each message; all are sent at the same time."""
    found: list[str] = [""] * len(messages)

    async def deliver(index: int) -> None:
        try:
            await stand.destination.deliver(messages[index])
            found[index] = "delivered"
        except DeliveryError as error:
            found[index] = type(error).__name__

    async with asyncio.TaskGroup() as group:
        for index in range(len(messages)):
            group.create_task(deliver(index))
    return found


async def test_without_the_right_to_write_nothing_is_published(hall: Hall) -> None:
    await hall.node.tell('rabbit_auth_backend_internal:add_user(<<"mute">>, <<"pw">>, <<"t">>)')
    await hall.node.tell(
        'rabbit_auth_backend_internal:set_permissions(<<"mute">>, <<"/">>, <<"^$">>, <<"^$">>, <<".*">>, <<"t">>)'
    )
    password = hall.node.folder / "mute"
    password.write_text("pw")
    stand = hall.destination(
        hall.connection(username="mute", password=f"file:{password}"), exchange="amq.direct", routing_key="k"
    )
    await stand.open()
    with pytest.raises(AuthFailed, match="ACCESS_REFUSED"):
        await stand.destination.deliver(outgoing(1))


async def test_a_routing_key_that_is_too_long_is_a_fault_of_the_data(hall: Hall) -> None:
    stand = hall.destination(routing_key="{{ to }}")
    await stand.open()
    with pytest.raises(Invalid, match="more than 255 bytes"):
        await stand.destination.deliver(outgoing(1, to="ü" * 128))
    assert await hall.ready() == 0
