"""What is lost with the line or the server comes afterwards, in order, or is told as a gap."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.conformance.ports import free_port
from tests.conformance.proxy import Proxy
from tests.conformance.stand import RecordingIntake, until
from tests.integration.connectors.opcua.plc import again, plc, received, records, values
from tundish.errors import NotConnected

pytestmark = pytest.mark.anyio


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
        # All of it may wait on the server at once, which is not to be taken for a queue that was full.
        source = site.source(["ns=1;s=Count"], there, most_values=3, queue=1000)
        intake = RecordingIntake(delay=lambda _: 0.005)
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
