"""What every source promises. Found from the registry; each runs against a real peer."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.finding import offering
from tests.conformance.harness_contract import PeerHarness, Produced
from tests.conformance.stand import RecordingIntake, Stand, Workbench, until
from tundish.errors import NotConnected
from tundish.model import Acceptance
from tundish.sdk import ConnectorSpec

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("connector", offering("source"))]


def source(bench: Workbench, spec: ConnectorSpec, peer: PeerHarness) -> Stand:
    """The source under test, not open."""
    return bench.stand(spec, spec.source, peer.connection("source"), peer.settings("source"))


async def acknowledged(units: list[Produced]) -> None:
    """Wait until the peer may forget all of them."""
    await until(lambda: all(unit.is_acknowledged for unit in units), lambda: "some unit is not acknowledged")


async def test_is_acknowledged_after_it_was_accepted(spec: ConnectorSpec, peer: PeerHarness, bench: Workbench) -> None:
    stand, intake = source(bench, spec, peer), RecordingIntake()
    intake.gate.clear()
    await stand.open()
    stand.run(intake)
    unit = await peer.produce(b"one")
    await intake.wait_for(1, offered=True)
    await asyncio.sleep(0.3)
    assert not unit.is_acknowledged
    intake.gate.set()
    await acknowledged([unit])
    assert [peer.body_of(taken) for taken in intake.accepted] == [b"one"]


async def test_back_pressure_holds_the_acknowledgement(
    spec: ConnectorSpec, peer: PeerHarness, bench: Workbench
) -> None:
    stand, intake = source(bench, spec, peer), RecordingIntake(refusals=3)
    await stand.open()
    stand.run(intake)
    units = [await peer.produce(b"%d" % number) for number in range(3)]
    await intake.wait_for(1, offered=True)
    assert not any(unit.is_acknowledged for unit in units[1:])
    await acknowledged(units)
    assert [peer.body_of(taken) for taken in intake.accepted] == [b"0", b"1", b"2"]
    assert len(intake.offered) == 6


async def test_keeps_the_order(spec: ConnectorSpec, peer: PeerHarness, bench: Workbench) -> None:
    stand = source(bench, spec, peer)
    intake = RecordingIntake(delay=lambda number: 0.02 if number % 3 else 0.0)
    await stand.open()
    stand.run(intake)
    bodies = [b"%03d" % number for number in range(30)]
    units = [await peer.produce(body) for body in bodies]
    await acknowledged(units)
    assert [peer.body_of(taken) for taken in intake.accepted] == bodies


async def test_brings_again_what_was_not_accepted(spec: ConnectorSpec, peer: PeerHarness, bench: Workbench) -> None:
    stand, first = source(bench, spec, peer), RecordingIntake()
    first.gate.clear()
    await stand.open()
    stand.run(first)
    unit = await peer.produce(b"one")
    await first.wait_for(1, offered=True)
    await stand.close()
    assert first.accepted == []
    assert not unit.is_acknowledged

    second = RecordingIntake()
    await stand.open()
    stand.run(second)
    await acknowledged([unit])
    assert [peer.body_of(taken) for taken in second.accepted] == [b"one"]


@pytest.mark.parametrize("outcome", ["duplicate", "conflict", "invalid"])
async def test_goes_on_behind_a_unit_that_is_no_new_message(
    spec: ConnectorSpec, peer: PeerHarness, bench: Workbench, outcome: str
) -> None:
    def decide(unit: object, number: int) -> Acceptance:
        return Acceptance(outcome if number == 1 else "accepted", (number,))  # type: ignore[arg-type] # parametrized

    stand, intake = source(bench, spec, peer), RecordingIntake(decide=decide)
    await stand.open()
    stand.run(intake)
    await peer.produce(b"one")
    await intake.wait_for(1)
    if peer.insists and outcome != "duplicate":
        return
    second = await peer.produce(b"two")
    await acknowledged([second])
    assert [peer.body_of(taken) for taken in intake.accepted] == [b"one", b"two"]


async def test_opens_again_after_it_was_closed(spec: ConnectorSpec, peer: PeerHarness, bench: Workbench) -> None:
    stand, intake = source(bench, spec, peer), RecordingIntake()
    for round_ in range(3):
        await stand.open()
        stand.run(intake)
        await acknowledged([await peer.produce(b"%d" % round_)])
        await stand.close()
        await stand.close()
    assert [peer.body_of(taken) for taken in intake.accepted] == [b"0", b"1", b"2"]


async def test_closes_without_having_been_opened(spec: ConnectorSpec, peer: PeerHarness, bench: Workbench) -> None:
    stand = source(bench, spec, peer)
    await stand.component.close()
    await stand.connection.close()


async def test_cannot_be_opened_without_its_peer(spec: ConnectorSpec, peer: PeerHarness, bench: Workbench) -> None:
    await peer.stop()
    stand, intake = source(bench, spec, peer), RecordingIntake()
    with pytest.raises(NotConnected):
        await stand.open()
    await stand.close()

    await peer.start()
    await stand.open()
    stand.run(intake)
    await acknowledged([await peer.produce(b"one")])


async def test_is_lost_when_the_peer_is_gone(spec: ConnectorSpec, peer: PeerHarness, bench: Workbench) -> None:
    stand, intake = source(bench, spec, peer), RecordingIntake()
    await stand.open()
    stand.run(intake)
    await acknowledged([await peer.produce(b"one")])

    await peer.stop()
    async with asyncio.timeout(15):
        assert isinstance(await stand.lost, NotConnected)
    await stand.close()

    await peer.start()
    await stand.open_when_possible()
    stand.run(intake)
    await acknowledged([await peer.produce(b"two")])
    assert peer.body_of(intake.accepted[-1]) == b"two"


async def test_units_say_when_they_came_and_what_their_transport_knows(
    spec: ConnectorSpec, peer: PeerHarness, bench: Workbench
) -> None:
    stand, intake = source(bench, spec, peer), RecordingIntake()
    await stand.open()
    stand.run(intake)
    await acknowledged([await peer.produce(b"one")])
    unit = intake.accepted[0]
    assert unit.received.tzinfo is not None
    assert set(unit.meta) >= peer.meta
