"""What comes from a server comes once, in order and as it was; against node-opcua."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.conformance.ports import free_port
from tests.conformance.proxy import Proxy
from tests.conformance.stand import RecordingIntake, until
from tests.integration.connectors.opcua.plc import again, lines, plc, received, records, values
from tundish.errors import NotConnected

pytestmark = pytest.mark.anyio


async def test_values_come_in_order_with_their_types(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        source, intake = site.source(["Objects/Line1/*"], initial_values=True), RecordingIntake()
        await source.open()
        source.run(intake)
        await received(intake, 15)
        first = {record["name"]: record for record in records(intake)}
        assert first["Table"]["value"] == [1.0, 2.0, 3.0]
        assert first["ReadOnly"]["type"] == "Int32"
        assert first["Count"]["path"] == "Objects/Line1/Count"
        assert first["Forbidden"]["status"] == "BadNotReadable"
        await site.server.do("burst", node="Count", type="Int32", values=list(range(1, 91)))
        await received(intake, 91, "Count")
        assert values(intake, "Count") == list(range(91))
        await site.server.write("Weight", "Float", 0.1)
        await site.server.write("Scale", "Double", 12.345678901234567)
        await site.server.write("Big", "Int64", [0x7FFFFFFF, 0xFFFFFFFF])
        await site.server.write("Scale", "Double", 5.0, status="BadSensorFailure", time="2026-03-02T14:05:00.250Z")
        await received(intake, 3, "Scale")
        assert values(intake, "Weight")[-1] == 0.1
        assert values(intake, "Big")[-1] == (1 << 63) - 1
        good, bad = records(intake, name="Scale")[-2:]
        assert (good["value"], good["status"]) == (12.345678901234567, "Good")
        assert (bad["status"], bad["source_time"]) == ("BadSensorFailure", "2026-03-02T14:05:00.250000Z")


async def test_structures_are_records(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        source, intake = (
            site.source(["nsu=urn:test:line;s=Packer.Batch"], site.connection(structures=True)),
            RecordingIntake(),
        )
        await source.open()
        source.run(intake)
        await received(intake, 1)
        await site.server.do("batch", value={"lot": "L-2", "amount": 0.5, "steps": [3, 4]})
        assert (await received(intake, 2))[-1] == {"Lot": "L-2", "Amount": 0.5, "Steps": [3, 4]}


async def test_the_nodes_of_a_nodeset_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[3] / "peers")
    async with plc(tmp_path) as site:
        source, intake = site.source(["Objects/Packer/**"], nodeset="opcua_line.xml"), RecordingIntake()
        await source.open()
        source.run(intake)
        await received(intake, 3)
        assert {record["path"] for record in records(intake)} == {
            "Objects/Packer/Boxes",
            "Objects/Packer/Batch",
            "Objects/Packer/Drive/Speed",
        }


async def test_a_cut_of_five_seconds_loses_nothing(tmp_path: Path) -> None:
    """Rule 4: what the server collected during the cut comes afterwards, in order."""
    async with plc(tmp_path, strict=True) as site:
        port = free_port()
        proxy = Proxy(port, site.server.port)
        await proxy.start()
        there = site.connection(endpoint=f"opc.tcp://127.0.0.1:{port}/test", structures=False)
        source, intake = site.source(["ns=1;s=Count"], there, most_values=1), RecordingIntake()
        await source.open()
        source.run(intake)
        await site.server.do("burst", node="Count", type="Int32", values=[1, 2, 3])
        await received(intake, 4)
        await proxy.stop()
        for number in range(4, 24):
            await site.server.write("Count", "Int32", number)
            await asyncio.sleep(0.25)
        async with asyncio.timeout(5):
            assert isinstance(await source.lost, NotConnected)
        await source.close()
        await proxy.start()
        await again(source, intake)
        await site.server.write("Count", "Int32", 24)
        await received(intake, 25)
        assert values(intake) == list(range(25))
        assert not records(intake, "gap")
        await source.close()
        await proxy.stop()


async def test_a_flapping_line_loses_nothing(tmp_path: Path) -> None:
    """Notifications that were sent and never arrived are fetched again."""
    async with plc(tmp_path) as site:
        port = free_port()
        proxy = Proxy(port, site.server.port)
        await proxy.start()
        there = site.connection(endpoint=f"opc.tcp://127.0.0.1:{port}/test", structures=False)
        source, intake = site.source(["ns=1;s=Count"], there, most_values=3), RecordingIntake(delay=lambda _: 0.005)
        sent = 0
        await source.open()
        for _ in range(4):
            source.run(intake)
            for _ in range(30):
                sent += 1
                await site.server.write("Count", "Int32", sent)
            proxy.cut()
            async with asyncio.timeout(5):
                await source.lost
            await source.close()
            if intake.accepted:
                intake.position = intake.accepted[-1].cursor
            await source.open_when_possible()
        source.run(intake)
        await until(lambda: set(values(intake)) >= set(range(1, sent + 1)), lambda: str(len(values(intake))))
        assert not records(intake, "gap")
        await source.close()
        await proxy.stop()


@pytest.mark.parametrize("resumed", [True, False], ids=["session resumed", "subscription transferred"])
async def test_over_a_restart_the_server_keeps_what_came(tmp_path: Path, resumed: bool) -> None:
    """Rule 5: a new life takes the session over, or the subscription where there is no session any more."""
    async with plc(tmp_path) as site:
        fast = site.connection()
        source, intake = site.source(["ns=1;s=Count"], fast, most_values=1), RecordingIntake()
        await source.open()
        source.run(intake)
        await received(intake, 1)
        intake.gate.clear()
        await site.server.do("burst", node="Count", type="Int32", values=[1, 2, 3])
        await until(lambda: len(intake.offered) > 1)
        await source.close()
        if not resumed:
            for session in source.held.context.data.glob("session-*.json"):
                session.unlink()
        await site.server.do("burst", node="Count", type="Int32", values=[4, 5])
        intake.gate.set()
        await again(source, intake)
        await received(intake, 6)
        assert values(intake) == [0, 1, 2, 3, 4, 5]
        assert not records(intake, "gap")
        assert not [fault for fault in await source.component.check() if "gap" in fault.text]


async def test_a_queue_that_was_too_short_is_a_gap(tmp_path: Path) -> None:
    """Rule 6: the overflow bits, which node-opcua sets."""
    async with plc(tmp_path) as site:
        source, intake = site.source([{"node": "ns=1;s=Count", "queue": 3}], publishing_interval="300ms"), None
        intake = RecordingIntake()
        await source.open()
        source.run(intake)
        await received(intake, 1)
        await site.server.do("burst", node="Count", type="Int32", values=list(range(1, 21)))
        await until(lambda: bool(records(intake, "gap")))
        (gap,) = records(intake, "gap")
        assert (gap["reason"], gap["name"]) == ("the server's queue was too short", "Count")
        assert values(intake)[-1] == 20
        (unit,) = [unit for unit in intake.accepted if any(record["kind"] == "gap" for record in lines(unit))]
        kinds = [record["kind"] for record in lines(unit)]
        assert kinds[0] == "gap", "it comes before the value behind which values are missing"
        assert ("warning", "source.gap") in [(level, event) for level, event, _ in source.log.events]


async def test_a_server_that_forgot_us_is_a_gap_and_its_history_closes_it(tmp_path: Path) -> None:
    """Rules 6 and 9: more values than one answer holds, none twice."""
    async with plc(tmp_path) as site:
        nodes = [{"node": "ns=1;s=Recorded", "queue": 5000}, "ns=1;s=Count"]
        source, intake = site.source(nodes, site.connection()), RecordingIntake()
        await source.open()
        source.run(intake)
        for number in range(1, 6):
            await site.server.write("Recorded", "Int32", number)
        await received(intake, 6, "Recorded")
        # What is cut off between its acceptance and our hearing of it comes again, as it should.
        await asyncio.sleep(0.5)
        await source.close()
        await site.server.do("forget")
        await site.server.do("burst", node="Recorded", type="Int32", values=list(range(6, 2506)))
        await again(source, intake)
        await site.server.write("Recorded", "Int32", 2506)
        await received(intake, 2507, "Recorded", within=20)
        assert values(intake, "Recorded") == list(range(2507))
        (gap,) = records(intake, "gap")
        assert gap["without_history"] == ["ns=1;s=Count"]
        assert {record.get("origin") for record in records(intake, name="Recorded")} == {None, "history"}


async def test_after_a_restart_of_the_server_it_is_subscribed_again(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        source, intake = site.source(["ns=1;s=Count"], site.connection()), RecordingIntake()
        await source.open()
        source.run(intake)
        await received(intake, 1)
        await site.server.stop()
        async with asyncio.timeout(10):
            await source.lost
        await source.close()
        await site.server.start()
        await again(source, intake)
        await site.server.write("Count", "Int32", 42)
        await until(lambda: 42 in values(intake))
        assert len(records(intake, "gap")) == 1


async def test_nodes_that_are_absent_or_refused_are_tried_again(tmp_path: Path) -> None:
    """Rule 7: one bad node silences nobody, what the server revised is told, and near names are."""
    async with plc(tmp_path) as site:
        nodes = ["ns=1;s=Count", "Objects/Line1/Later", "Objects/Line1/Scael", "nsu=urn:test:lin;s=X"]
        source, intake = site.source(nodes, queue=100_000, lifetime="7d", retry_nodes="1s"), RecordingIntake()
        await source.open()
        faults = [str(fault) for fault in await source.component.check()]
        told = "\n".join(faults)
        assert "there is no 'Later' below 'Objects/Line1'" in told
        assert "did you mean 'Scale'" in told
        assert "did you mean 'urn:test:line'" in told
        assert "kept in a queue of 5000 instead of 100000" in told
        source.run(intake)
        await received(intake, 1)
        await site.server.do("add", node="Later", type="Int32", value=7)
        await received(intake, 1, "Later")
        assert values(intake, "Later") == [7]


async def test_what_counts_as_a_change(tmp_path: Path) -> None:
    """Rule 8: every scan counts with `timestamp`; a deadband is for analogue nodes alone."""
    async with plc(tmp_path) as site:
        nodes = [
            {"node": "ns=1;s=Order", "trigger": "timestamp"},
            {"node": "ns=1;s=Analog", "server_deadband": "5"},
            {"node": "ns=1;s=Scale", "server_deadband": "5"},
        ]
        source, intake = site.source(nodes), RecordingIntake()
        await source.open()
        (fault,) = [fault for fault in await source.component.check() if "analogue" in fault.text]
        assert "ns=1;s=Scale" in fault.text
        source.run(intake)
        await received(intake, 2)
        for second in range(3):
            await site.server.write("Order", "String", "4711", time=f"2026-03-02T14:05:0{second}Z")
        for value in (21, 24, 26, 27, 40):
            await site.server.write("Analog", "Double", value)
        await received(intake, 4, "Order")
        assert values(intake, "Order") == ["", "4711", "4711", "4711"]
        await received(intake, 3, "Analog")
        assert values(intake, "Analog") == [20.0, 26.0, 40.0]


async def test_items_are_asked_for_in_portions(tmp_path: Path) -> None:
    """Rule 10: no more in one call than the server's operation limits allow."""
    async with plc(tmp_path, many=25, limits={"maxMonitoredItemsPerCall": 10}) as site:
        source, intake = site.source(["Objects/Line1/*"]), RecordingIntake()
        await source.open()
        assert len(source.component._subscription.items()) > 35
        source.run(intake)
        await received(intake, 36)


async def test_other_settings_change_the_items_and_lose_nothing(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        fast = site.connection()
        before, intake = site.source(["ns=1;s=Count", "ns=1;s=Scale"], fast), RecordingIntake()
        await before.open()
        before.run(intake)
        await received(intake, 2)
        await before.close()
        await site.server.do("burst", node="Count", type="Int32", values=[1, 2])
        await site.server.write("Scale", "Double", 1.5)
        await asyncio.sleep(0.2)
        after = site.source(["ns=1;s=Count", "ns=1;s=Order"], fast)
        await again(after, intake)
        await site.server.write("Scale", "Double", 2.5)
        await site.server.write("Order", "String", "4711")
        await until(lambda: "4711" in values(intake, "Order"))
        assert values(intake, "Count") == [0, 1, 2]
        assert 2.5 not in values(intake, "Scale")
        assert not records(intake, "gap")
