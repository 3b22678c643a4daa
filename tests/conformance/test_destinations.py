"""What every destination promises. Found from the registry; each runs against a real peer."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.finding import offering
from tests.conformance.harness_contract import PeerHarness
from tests.conformance.stand import Stand, Workbench, outgoing, until
from tundish.errors import DeliveryError, Duplicate, NotConnected, Transient, Unknown
from tundish.model import Outgoing
from tundish.sdk import ConnectorSpec

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("connector", offering("destination"))]


def destination(bench: Workbench, spec: ConnectorSpec, peer: PeerHarness) -> Stand:
    """The destination under test, not open."""
    return bench.stand(spec, spec.destination, peer.connection("destination"), peer.settings("destination"))


async def collected(peer: PeerHarness, count: int) -> list[bytes]:
    """What arrived, once it is so many."""
    found: list[bytes] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            await asyncio.sleep(0.01)
            found = await peer.collected()
    return found


async def test_delivers_the_very_bytes_in_order(spec: ConnectorSpec, peer: PeerHarness, bench: Workbench) -> None:
    stand = destination(bench, spec, peer)
    await stand.open()
    messages = [outgoing(number, bytes(range(256)) + b"%d" % number) for number in range(10)]
    for message in messages:
        await stand.destination.deliver(message)
    assert await collected(peer, 10) == [message.body for message in messages]


async def test_delivers_many_at_the_same_time(spec: ConnectorSpec, peer: PeerHarness, bench: Workbench) -> None:
    stand = destination(bench, spec, peer)
    await stand.open()
    messages = [outgoing(number) for number in range(300)]
    async with asyncio.TaskGroup() as group:
        for message in messages:
            group.create_task(stand.destination.deliver(message))
    assert sorted(await collected(peer, 300)) == sorted(message.body for message in messages)


async def test_a_repeat_is_no_fault(spec: ConnectorSpec, peer: PeerHarness, bench: Workbench) -> None:
    stand = destination(bench, spec, peer)
    await stand.open()
    await stand.destination.deliver(outgoing(1))
    try:
        await stand.destination.deliver(outgoing(1))
    except Duplicate:
        assert len(await peer.collected()) == 1


async def test_a_preview_sends_nothing(spec: ConnectorSpec, peer: PeerHarness, bench: Workbench) -> None:
    stand = destination(bench, spec, peer)
    first = stand.destination.preview(outgoing(1))
    assert stand.destination.preview(outgoing(1)) == first
    assert await peer.collected() == []


async def test_without_its_peer_a_delivery_is_transient(
    spec: ConnectorSpec, peer: PeerHarness, bench: Workbench
) -> None:
    stand = destination(bench, spec, peer)
    await stand.open()
    await stand.destination.deliver(outgoing(1))
    assert len(await collected(peer, 1)) == 1
    await peer.stop()

    async def attempt() -> type[Exception]:
        try:
            await stand.destination.deliver(outgoing(2))
        except DeliveryError as error:
            return type(error)
        raise AssertionError("it was delivered to nobody")

    async with asyncio.timeout(15):
        # On a connection that is being broken, nobody can know whether the message got through.
        assert await attempt() in {Transient, Unknown}
        assert await attempt() is Transient

    await peer.start()
    if stand.lost.done():
        assert isinstance(stand.lost.result(), NotConnected)
        await stand.close()
        await stand.open_when_possible()
    await delivered_at_last(stand, outgoing(3))
    assert outgoing(3).body in await collected(peer, 2)


async def delivered_at_last(stand: Stand, message: Outgoing) -> None:
    """Deliver, as often as it takes."""
    async with asyncio.timeout(10):
        while True:
            try:
                await stand.destination.deliver(message)
            except Transient:
                await asyncio.sleep(0.1)
            else:
                return


async def test_opening_without_a_peer_is_a_connection_that_is_not_there(
    spec: ConnectorSpec, peer: PeerHarness, bench: Workbench
) -> None:
    await peer.stop()
    stand = destination(bench, spec, peer)
    try:
        await stand.open()
    except NotConnected:
        await stand.close()
        await peer.start()
        await stand.open_when_possible()
    else:
        # Some protocols connect for each delivery.
        with pytest.raises(Transient):
            await stand.destination.deliver(outgoing(1))
        await peer.start()
    await delivered_at_last(stand, outgoing(2))
    assert await collected(peer, 1) == [outgoing(2).body]


async def test_closing_leaves_no_delivery_waiting(spec: ConnectorSpec, peer: PeerHarness, bench: Workbench) -> None:
    stand = destination(bench, spec, peer)
    await stand.open()
    ended: list[str] = []

    async def deliver(number: int) -> None:
        try:
            await stand.destination.deliver(outgoing(number))
            ended.append("delivered")
        except DeliveryError as error:
            ended.append(type(error).__name__)

    async with asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(deliver(number))
        await asyncio.sleep(0)
        await stand.close()
        await stand.close()
        await until(lambda: len(ended) == 50, lambda: f"{50 - len(ended)} deliveries wait for nothing")
    assert set(ended) <= {"delivered", "Transient", "Unknown"}


async def test_opens_again_after_it_was_closed(spec: ConnectorSpec, peer: PeerHarness, bench: Workbench) -> None:
    stand = destination(bench, spec, peer)
    await stand.close()
    for number in range(3):
        await stand.open()
        await stand.destination.deliver(outgoing(number))
        await stand.close()
    assert len(await collected(peer, 3)) == 3
