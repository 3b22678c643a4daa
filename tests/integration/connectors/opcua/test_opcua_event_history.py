"""Values and events of a gap come from the history of asyncua's server, which records both.

It cuts an answer off at our limit without a word, answers to Republish with an empty notification where it has none,
and leaves the filter of events aside when it reads their history.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.common.node import Node
from asyncua.server import Server

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.stand import RecordingIntake, Stand, Workbench, until, workbench
from tests.integration.connectors.opcua.plc import again, received, records, values
from tundish.sdk import connector

pytestmark = pytest.mark.anyio

FULL = "the server's queue was full, and may have been too short"
EVENTS = {"severity": 300, "fields": ["2:Station"], "type": "Types/EventTypes/BaseEventType/MachineEvent"}


@dataclass
class Recorder:
    """A server in this process that records a node, and its own events."""

    server: Server
    port: int
    count: Node
    machine: Any
    other: Any

    async def raise_(self, *messages: str, severity: int = 500) -> None:
        """Events of the machine."""
        self.machine.event.Severity = severity
        self.machine.event.Station = "7"
        for message in messages:
            await self.machine.trigger(message=message)

    async def write(self, *numbers: int) -> None:
        """Values of the node."""
        for number in numbers:
            await self.count.write_value(number, ua.VariantType.Int32)

    @contextmanager
    def losing(self) -> Iterator[None]:
        """What happens meanwhile is in one notification, which is used up and neither sent nor kept."""
        for each in self.subscriptions():
            each._publishing_enabled = False
        yield
        for each in self.subscriptions():
            each._publishing_enabled = True
            each._pop_publish_result()
            each._not_acknowledged_results.clear()

    def subscriptions(self) -> list[Any]:
        """Those of clients; the server has one of its own, for its history."""
        found = self.server.iserver.subscription_service.subscriptions.values()
        return [each for each in found if each.pub_request_callback is not None]

    async def forget(self) -> None:
        """As after a long stop of the daemon."""
        numbers = [each.data.SubscriptionId for each in self.subscriptions()]
        await self.server.iserver.subscription_service.delete_subscriptions(numbers)


@asynccontextmanager
async def recorder(*, records_events: bool = True) -> AsyncIterator[Recorder]:
    """It runs."""
    server, port = Server(), free_port()
    await server.init()
    server.set_endpoint(f"opc.tcp://{LOOPBACK}:{port}")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    space = await server.register_namespace("urn:test:asyncua")
    line = await server.nodes.objects.add_object(space, "Line1")
    count = await line.add_variable(space, "Count", 0, ua.VariantType.Int32)
    fields = [("Station", ua.VariantType.String)]
    type_ = await server.create_custom_event_type(space, "MachineEvent", ua.ObjectIds.BaseEventType, fields)
    machine = await server.get_event_generator(type_, server.nodes.server)
    other = await server.get_event_generator(ua.ObjectIds.SystemEventType, server.nodes.server)
    async with server:
        await server.historize_node_data_change(count)
        if records_events:
            await server.historize_node_event(server.nodes.server)
        yield Recorder(server, port, count, machine, other)


async def running(bench: Workbench, peer: Recorder, **settings: Any) -> tuple[Stand, RecordingIntake]:
    """A source that has the first values of its nodes."""
    spec = connector("opcua")
    there = {"endpoint": f"opc.tcp://{LOOPBACK}:{peer.port}", "security": "none", "structures": False}
    wanted = {"publishing_interval": "200ms", "sampling": "0s", **settings}
    source, intake = bench.stand(spec, spec.source, there, wanted), RecordingIntake()
    await source.open()
    source.run(intake)
    await received(intake, len(settings.get("nodes", ())))
    return source, intake


async def hearing(bench: Workbench, peer: Recorder) -> tuple[Stand, RecordingIntake]:
    """A source that has an event."""
    source, intake = await running(bench, peer, events=[EVENTS])
    await asyncio.sleep(0.5)
    await peer.raise_("before")
    await until(lambda: messages(intake) == ["before"])
    return source, intake


def messages(intake: RecordingIntake) -> list[str]:
    """Those of the events that were accepted."""
    return [record["message"] for record in records(intake, "event")]


async def test_a_notification_that_it_does_not_have_any_more_is_a_gap_and_filled(tmp_path: Path) -> None:
    async with recorder() as peer, workbench(tmp_path) as bench:
        _, intake = await running(bench, peer, nodes=["Objects/Line1/Count"])
        with peer.losing():
            await peer.write(1, 2)
        await peer.write(3)
        await received(intake, 4)
        await peer.write(4)
        await received(intake, 5)
        assert values(intake) == [0, 1, 2, 3, 4]
        (gap,) = records(intake, "gap")
        assert gap["filled"] is True


async def test_a_history_longer_than_one_answer_comes_whole(tmp_path: Path) -> None:
    """Rule 9: a limit truncates silently."""
    async with recorder() as peer, workbench(tmp_path) as bench:
        source, intake = await running(bench, peer, nodes=["Objects/Line1/Count"])
        await asyncio.sleep(0.5)
        await source.close()
        await peer.forget()
        await peer.write(*range(1, 2501))
        await asyncio.sleep(0.5)
        await again(source, intake)
        await received(intake, 2501, within=20)
        await peer.write(2501)
        await received(intake, 2502)
        assert values(intake) == list(range(2502))
        (gap,) = records(intake, "gap")
        assert gap["filled"] is True


async def test_events_of_a_lost_notification_come_from_the_history(tmp_path: Path) -> None:
    async with recorder() as peer, workbench(tmp_path) as bench:
        _, intake = await hearing(bench, peer)
        with peer.losing():
            await peer.raise_("lost 1", "lost 2")
            await peer.raise_("harmless", severity=100)
            await peer.other.trigger(message="of another type")
        await peer.raise_("after")
        await until(lambda: "after" in messages(intake))
        await peer.raise_("last")
        await until(lambda: "last" in messages(intake))
        assert messages(intake) == ["before", "lost 1", "lost 2", "after", "last"]
        (gap,) = records(intake, "gap")
        assert gap["filled"] is True
        live, recorded = records(intake, "event")[0], records(intake, "event")[1]
        assert recorded.keys() - live.keys() == {"origin"}
        assert recorded["origin"] == "history"
        assert recorded["2:Station"] == "7"
        assert len({record["event_id"] for record in records(intake, "event")}) == 5


async def test_events_of_a_lost_subscription_come_from_the_history(tmp_path: Path) -> None:
    """More than one answer holds, none twice."""
    async with recorder() as peer, workbench(tmp_path) as bench:
        source, intake = await hearing(bench, peer)
        await asyncio.sleep(0.5)
        await source.close()
        await peer.forget()
        names = [f"lost {number}" for number in range(1200)]
        await peer.raise_(*names)
        await asyncio.sleep(0.5)
        await again(source, intake)
        await until(lambda: len(messages(intake)) >= 1201, lambda: str(len(messages(intake))), within=20)
        await peer.raise_("after")
        await until(lambda: "after" in messages(intake))
        assert messages(intake) == ["before", *names, "after"]
        (gap,) = records(intake, "gap")
        assert gap["filled"] is True


@pytest.mark.parametrize(
    ("records_events", "history"), [(False, True), (True, False)], ids=["no history", "history not wanted"]
)
async def test_a_gap_says_that_events_are_lost(tmp_path: Path, records_events: bool, history: bool) -> None:
    async with recorder(records_events=records_events) as peer, workbench(tmp_path) as bench:
        _, intake = await running(bench, peer, events=[{**EVENTS, "history": history}])
        await asyncio.sleep(0.5)
        with peer.losing():
            await peer.raise_("lost")
        await peer.raise_("after")
        await until(lambda: "after" in messages(intake))
        (gap,) = records(intake, "gap")
        assert (gap["filled"], gap["without_history"]) == (False, ["i=2253"])
        assert messages(intake) == ["after"]


async def test_what_a_full_queue_may_have_dropped_comes_from_the_history(tmp_path: Path) -> None:
    """It never says that it dropped something."""
    async with recorder() as peer, workbench(tmp_path) as bench:
        short = {"nodes": [{"node": "Objects/Line1/Count", "queue": 3}], "events": [{**EVENTS, "queue": 3}]}
        _, intake = await running(bench, peer, **short)
        await peer.write(*range(1, 21))
        names = [str(number) for number in range(20)]
        await peer.raise_(*names)
        await until(lambda: len(messages(intake)) >= 20, lambda: str(messages(intake)))
        await received(intake, 21)
        await peer.write(21)
        await peer.raise_("last")
        await until(lambda: "last" in messages(intake))
        assert values(intake) == list(range(22))
        assert messages(intake) == [*names, "last"]
        gaps = [(gap["reason"], gap["name"], gap["filled"]) for gap in records(intake, "gap")]
        assert set(gaps) == {(FULL, "Count", True), (FULL, "Server", True)}
