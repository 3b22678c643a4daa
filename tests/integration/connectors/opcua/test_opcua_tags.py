"""From tags to transactions: the handshake, what values pass through, events and alarms; against node-opcua."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.conformance.stand import RecordingIntake, until
from tests.integration.connectors.opcua.plc import Plc, again, plc, received, records, values
from tundish.errors import Misconfigured

pytestmark = pytest.mark.anyio

HANDSHAKE = {
    "trigger": "Objects/Line1/Trigger",
    "read": {"order": "Objects/Line1/Order", "made": "ns=1;s=Count"},
    "acknowledge": "Objects/Line1/Ack",
}


class Machine:
    """Does its part of the handshake."""

    def __init__(self, site: Plc) -> None:
        self._server = site.server

    async def raise_(self, order: str, count: int) -> None:
        """Offer a transaction."""
        await self._server.write("Order", "String", order)
        await self._server.write("Count", "Int32", count)
        await self._server.write("Trigger", "Boolean", True)

    async def lower(self) -> None:
        """It was acknowledged."""
        await self._server.write("Trigger", "Boolean", False)

    async def wait(self, acknowledged: bool) -> None:
        """Until the acknowledgement is set, or taken back."""
        async with asyncio.timeout(10):
            while await self._server.do("read", node="Ack") is not acknowledged:  # noqa: ASYNC110 - it is asked
                await asyncio.sleep(0.02)


async def test_a_transaction_is_acknowledged_when_it_is_on_disk(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        source, intake, machine = site.source(handshake=HANDSHAKE), RecordingIntake(), Machine(site)
        await source.open()
        source.run(intake)
        for number in range(3):
            intake.gate.clear()
            await machine.raise_(f"47{number}", number)
            await intake.wait_for(number + 1, offered=True)
            await asyncio.sleep(0.1)
            assert await site.server.do("read", node="Ack") is False
            intake.gate.set()
            await machine.wait(True)
            await machine.lower()
            await machine.wait(False)
        found = records(intake, "transaction")
        assert [record["values"] for record in found] == [{"order": f"47{n}", "made": n} for n in range(3)]
        absent = {**HANDSHAKE, "read": {"order": "Objects/Line1/Ordre"}}
        with pytest.raises(Misconfigured, match="did you mean 'Order'"):
            await site.source(handshake=absent).open()


async def test_a_handshake_survives_restarts_at_every_step(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        fast = site.connection(structures=False)
        source, intake = site.source(None, fast, handshake=HANDSHAKE), RecordingIntake()
        machine = Machine(site)
        # Raised while nobody was there yet.
        await machine.raise_("1", 1)
        await source.open()
        source.run(intake)
        await machine.wait(True)
        await source.close()
        # Fallen while we were away: the acknowledgement is taken back, and the next one is seen.
        await machine.lower()
        await again(source, intake)
        await machine.wait(False)
        await machine.raise_("2", 2)
        await machine.wait(True)
        await source.close()
        # On disk, and the acknowledgement was lost: it is set again, and nothing is fetched twice.
        await site.server.write("Ack", "Boolean", False)
        await again(source, intake)
        await machine.wait(True)
        await machine.lower()
        await machine.wait(False)
        # The server forgot the subscription while the trigger rose.
        await source.close()
        await site.server.do("forget")
        await machine.raise_("3", 3)
        await again(source, intake)
        await machine.wait(True)
        orders = [record["values"]["order"] for record in records(intake, "transaction")]
        assert orders == ["1", "2", "3"]


async def test_values_pass_through_what_their_node_says_and_it_survives_a_restart(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        fast = site.connection(structures=False)
        nodes = [
            {"node": "ns=1;s=Count", "name": "made", "counter": {"rolls_over_at": 100}},
            {"node": "ns=1;s=Scale", "quality": "good", "deadband": 1},
            {"node": "ns=1;s=Trigger", "edge": "rising"},
            {"node": "ns=1;s=Order", "debounce": "300ms"},
        ]
        source, intake = site.source(nodes, fast), RecordingIntake()
        await source.open()
        source.run(intake)
        for value in (90, 97):
            await site.server.write("Count", "Int32", value)
        for weight in (0.5, 1.0, 1.5, 2.0):
            await site.server.write("Scale", "Double", weight)
        await site.server.write("Scale", "Double", 9.0, status="BadSensorFailure")
        for level in (True, False):
            await site.server.write("Trigger", "Boolean", level)
        for text in ("A", "B", "C"):
            await site.server.write("Order", "String", text)
        await until(lambda: "C" in values(intake, "Order"), lambda: str(values(intake)))
        await source.close()
        await site.server.write("Count", "Int32", 3)
        await site.server.write("Trigger", "Boolean", True)
        await again(source, intake)
        await until(lambda: len(values(intake, "Trigger")) == 2, lambda: str(values(intake)))
        counted = [
            (record["value"], record["difference"], record["counter"]) for record in records(intake, name="made")
        ]
        assert counted == [(0, None, "first"), (90, 90, "counted"), (97, 7, "counted"), (3, 6, "rolled_over")]
        assert values(intake, "Scale") == [0.0, 1.0, 2.0]
        assert values(intake, "Trigger") == [True, True]
        assert values(intake, "Order")[-1] == "C"
        assert not {"A", "B"} & set(values(intake, "Order"))


async def test_events_by_severity_with_fields(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        events = [{"node": "Objects/Line1", "severity": 300, "fields": ["1:Station"]}]
        source, intake = site.source(events=events), RecordingIntake()
        await source.open()
        source.run(intake)
        await asyncio.sleep(0.2)
        await site.server.do("event", severity=100, message="low")
        await site.server.do("event", severity=500, message="jam", station="7")
        await until(lambda: bool(records(intake, "event")))
        (event,) = records(intake, "event")
        assert (event["message"], event["severity"], event["1:Station"]) == ("jam", 500, "7")
        assert event["source_name"] == "Line1"
        # Those that come while we are away are kept as well.
        await source.close()
        await site.server.do("event", severity=600, message="again")
        await again(source, intake)
        await until(lambda: len(records(intake, "event")) == 2)


async def test_alarms_have_their_state(tmp_path: Path) -> None:
    async with plc(tmp_path, alarms=True) as site:
        source, intake = site.source(events=[{"type": "i=2915", "conditions": True}]), RecordingIntake()
        await source.open()
        source.run(intake)
        await asyncio.sleep(0.2)
        await site.server.do("alarm", value=95)
        await until(lambda: bool(records(intake, "event")) and records(intake, "event")[-1]["active"] is True)
        alarm = records(intake, "event")[-1]
        assert (alarm["condition"], alarm["acknowledged"]) == ("ns=1;s=Line1-HotAlarm", False)
        await site.server.do("alarm", value=50)
        await until(lambda: records(intake, "event")[-1]["active"] is False)


async def test_a_debounced_value_is_not_lost_with_the_daemon(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        source = site.source([{"node": "ns=1;s=Order", "debounce": "400ms"}], site.connection(structures=False))
        intake = RecordingIntake()
        await source.open()
        source.run(intake)
        await received(intake, 1)
        await site.server.write("Order", "String", "held back")
        await asyncio.sleep(0.2)
        await source.close()
        assert values(intake) == [""]
        await again(source, intake)
        assert (await received(intake, 2))[-1] == "held back"


async def test_a_trigger_that_rises_in_a_lost_notification_is_seen(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        source, intake, machine = site.source(handshake=HANDSHAKE), RecordingIntake(), Machine(site)
        await source.open()
        source.run(intake)
        await machine.raise_("1", 1)
        await machine.wait(True)
        await machine.lower()
        await machine.wait(False)
        await site.server.do("lose", notifications=1)
        await machine.raise_("2", 2)
        await machine.wait(True)
        assert await site.server.do("lost") == 0
        assert [record["values"]["order"] for record in records(intake, "transaction")] == ["1", "2"]
        assert len(records(intake, "gap")) == 1
