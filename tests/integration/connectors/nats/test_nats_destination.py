"""Publishing to a stream: what counts as delivered, and whose fault a refusal is. The peer is nats-server."""

from __future__ import annotations

import pytest
from nats.js.api import DiscardPolicy

from tests.conformance.stand import outgoing
from tests.integration.connectors.nats.yard import Yard
from tundish.errors import Duplicate, Invalid, Rejected, Transient

pytestmark = pytest.mark.anyio


async def test_a_repeat_is_dropped_by_the_stream(yard: Yard) -> None:
    stand = yard.destination()
    await stand.open()
    receipt = await stand.destination.deliver(outgoing(1, b"one"))
    assert (receipt.remote_id, receipt.facts["sequence"]) == ("IN/1", 1)
    with pytest.raises(Duplicate):
        await stand.destination.deliver(outgoing(1, b"one"))
    assert (await yard.js.stream_info("IN")).state.messages == 1


async def test_a_message_carries_its_headers(yard: Yard) -> None:
    stand = yard.destination(headers={"Line": "{{ line }}"})
    await stand.open()
    await stand.destination.deliver(outgoing(1, line="L4"))
    headers = (await yard.js.get_msg("IN", 1)).headers or {}
    assert headers["Nats-Msg-Id"] == "key-00001"
    assert (headers["Line"], headers["Content-Type"]) == ("L4", "application/json")


async def test_a_subject_that_no_stream_takes_is_refused(yard: Yard) -> None:
    stand = yard.destination(subject="nowhere.{{ id }}")
    await stand.open()
    with pytest.raises(Rejected, match=r"no stream takes the subject 'nowhere\.m00001'"):
        await stand.destination.deliver(outgoing(1))


async def test_another_stream_than_the_named_one_is_refused(yard: Yard) -> None:
    stand = yard.destination(stream="ORDERS")
    await stand.open()
    (fault,) = await stand.component.check()
    assert "there is no stream 'ORDERS'" in str(fault)
    with pytest.raises(Rejected, match="expected stream does not match"):
        await stand.destination.deliver(outgoing(1))


async def test_a_message_that_is_too_large_is_refused(yard: Yard) -> None:
    await yard.stream("SMALL", max_msg_size=100)
    stand = yard.destination(subject="small.a")
    await stand.open()
    for size in (200, 2_000_000):
        with pytest.raises(Rejected):
            await stand.destination.deliver(outgoing(1, b"x" * size))
    await stand.destination.deliver(outgoing(1, b"x"))


async def test_a_full_stream_is_tried_again(yard: Yard) -> None:
    await yard.stream("FULL", max_msgs=1, discard=DiscardPolicy.NEW)
    stand = yard.destination(subject="full.a", stream="FULL")
    await stand.open()
    assert not await stand.component.check()
    await stand.destination.deliver(outgoing(1))
    with pytest.raises(Transient, match="maximum messages exceeded"):
        await stand.destination.deliver(outgoing(2))
    await yard.js.purge_stream("FULL")
    await stand.destination.deliver(outgoing(2))


@pytest.mark.parametrize("subject", ["", "a b", "a.*", "a.>", "a..b", "$JS.API", "a\r\nPUB b 0"])
async def test_a_subject_from_data_cannot_leave_its_place(yard: Yard, subject: str) -> None:
    stand = yard.destination(subject="{{ to }}")
    await stand.open()
    with pytest.raises(Invalid):
        await stand.destination.deliver(outgoing(1, to=subject))


async def test_a_header_from_data_cannot_make_another_one(yard: Yard) -> None:
    stand = yard.destination(headers={"Line": "{{ line }}"})
    await stand.open()
    with pytest.raises(Invalid, match="holds a line break"):
        await stand.destination.deliver(outgoing(1, line="4\r\nNats-Msg-Id: other"))
