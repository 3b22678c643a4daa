"""What a running subscription lacks is fetched from the history of its nodes; against node-opcua."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.proxy import Proxy
from tests.conformance.stand import RecordingIntake, Stand, until
from tests.integration.connectors.opcua.plc import Plc, again, lines, plc, received, records, values

pytestmark = pytest.mark.anyio

RECORDED = "ns=1;s=Recorded"
FULL = "the server's queue was full, and may have been too short"
GONE = "the server does not have these notifications any more"


async def running(
    site: Plc, nodes: list[Any], connection: dict[str, object] | None = None, **settings: object
) -> tuple[Stand, RecordingIntake]:
    """A source that has the first values."""
    source, intake = site.source(nodes, connection, **settings), RecordingIntake()
    await source.open()
    source.run(intake)
    await received(intake, len(nodes))
    return source, intake


async def lose(site: Plc, values: list[int]) -> None:
    """Values that are in one notification, which the server uses up and does not keep."""
    await site.server.do("lose", notifications=1)
    await site.server.do("burst", node="Recorded", type="Int32", values=values)
    async with asyncio.timeout(5):
        while await site.server.do("lost"):  # noqa: ASYNC110 - it is asked
            await asyncio.sleep(0.01)


def sequence(intake: RecordingIntake) -> list[Any]:
    """What came, in order: values, and `gap`."""
    found = [record for unit in intake.accepted for record in lines(unit)]
    return [record["value"] if record["kind"] == "value" else record["kind"] for record in found]


async def test_what_a_short_queue_dropped_comes_from_the_history_in_its_place(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        _, intake = await running(site, [{"node": RECORDED, "queue": 3}], publishing_interval="300ms")
        await site.server.do("burst", node="Recorded", type="Int32", values=list(range(1, 21)))
        await received(intake, 21)
        await site.server.write("Recorded", "Int32", 21)
        await received(intake, 22)
        assert sequence(intake) == [0, "gap", *range(1, 22)]
        (gap,) = records(intake, "gap")
        assert (gap["reason"], gap["filled"]) == ("the server's queue was too short", True)
        assert {record.get("origin") for record in records(intake)} == {None, "history"}


async def test_a_lost_notification_comes_from_the_history_and_the_gap_says_of_whom_not(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        _, intake = await running(site, [RECORDED, "ns=1;s=Count"])
        await lose(site, [1, 2, 3])
        await site.server.write("Recorded", "Int32", 4)
        await received(intake, 5, "Recorded")
        await site.server.write("Count", "Int32", 1)
        await received(intake, 2, "Count")
        assert values(intake, "Recorded") == [0, 1, 2, 3, 4]
        (gap,) = records(intake, "gap")
        assert (gap["reason"], gap["filled"], gap["without_history"]) == (GONE, False, ["ns=1;s=Count"])


async def test_what_left_the_retransmission_queue_comes_from_the_history(tmp_path: Path) -> None:
    """node-opcua keeps a hundred notifications; a daemon whose disk stands still acknowledges none, and is killed."""
    async with plc(tmp_path) as site:
        nodes = [{"node": RECORDED, "queue": 1000}]
        source, intake = await running(site, nodes, most_values=1, in_flight=1000)
        intake.gate.clear()
        await site.server.do("burst", node="Recorded", type="Int32", values=list(range(1, 301)))
        await intake.wait_for(250, offered=True)
        await source.close()
        intake.forget()
        intake.gate.set()
        await again(source, intake)
        await received(intake, 301, within=30)
        assert set(values(intake)) == set(range(301))
        (gap,) = records(intake, "gap")
        assert (gap["reason"], gap["filled"]) == (GONE, True)
        assert values(intake) == list(range(301))


async def test_live_values_do_not_wait_for_a_slow_history(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        _, intake = await running(site, [RECORDED, "ns=1;s=Count"], in_flight=1)
        await site.server.do("archive", delay=5000)
        await lose(site, [1, 2])
        for number in range(1, 21):
            await site.server.write("Count", "Int32", number)
            await asyncio.sleep(0.06)
        await until(lambda: len(values(intake, "Count")) > 10)
        assert 2 not in values(intake, "Recorded")
        await received(intake, 3, "Recorded")
        await received(intake, 21, "Count")
        assert values(intake, "Recorded") == [0, 1, 2]
        assert values(intake, "Count") == list(range(21))


async def test_a_counter_waits_for_a_slow_history(tmp_path: Path) -> None:
    """Out of order its differences would be wrong."""
    async with plc(tmp_path) as site:
        nodes = [{"node": RECORDED, "counter": {}}]
        _, intake = await running(site, nodes, in_flight=1, queue=1000)
        await site.server.do("archive", delay=1500)
        await lose(site, [1, 5])
        for number in range(6, 16):
            await site.server.write("Recorded", "Int32", number)
            await asyncio.sleep(0.06)
        await received(intake, 13)
        counted = [(record["value"], record["difference"]) for record in records(intake)]
        assert counted == [(0, None), (1, 1), (5, 4), *((number, 1) for number in range(6, 16))]
        assert {record["counter"] for record in records(intake)} == {"first", "counted"}


@pytest.mark.parametrize("status", ["BadHistoryOperationUnsupported", "BadUserAccessDenied"])
async def test_a_history_that_is_refused_is_a_gap_of_its_own(tmp_path: Path, status: str) -> None:
    async with plc(tmp_path) as site:
        source, intake = await running(site, [RECORDED])
        await site.server.do("archive", status=status)
        await lose(site, [1])
        await site.server.write("Recorded", "Int32", 2)
        await received(intake, 2)
        await until(lambda: len(records(intake, "gap")) == 2)
        _, failed = records(intake, "gap")
        assert status in failed["reason"]
        assert (failed["filled"], failed["name"]) == (False, "Recorded")
        assert [fact["filled"] for _, event, fact in source.log.events if event == "source.gap"] == [True, False]


async def test_a_history_that_never_answers_does_not_stop_the_source(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        there = site.connection(connect_timeout="1s")
        source, intake = await running(site, [RECORDED], there)
        await site.server.do("archive", delay=60_000)
        await lose(site, [1])
        await site.server.write("Recorded", "Int32", 2)
        await until(lambda: len(records(intake, "gap")) == 2)
        assert "does not answer" in records(intake, "gap")[-1]["reason"]
        assert values(intake) == [0, 2]
        assert not source.lost.done()


async def test_a_history_that_is_behind_is_waited_for(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        _, intake = await running(site, [RECORDED])
        await site.server.do("archive", lag=1500)
        await lose(site, [1, 2, 3])
        await site.server.write("Recorded", "Int32", 4)
        await received(intake, 5)
        assert values(intake) == [0, 1, 2, 3, 4]
        assert [gap["filled"] for gap in records(intake, "gap")] == [True]


async def test_a_history_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        _, intake = await running(site, [RECORDED])
        await site.server.do("archive", status="BadTooManyOperations")
        await lose(site, [1])
        await site.server.write("Recorded", "Int32", 2)
        await until(lambda: bool(records(intake, "gap")))
        await asyncio.sleep(0.3)
        await site.server.do("archive")
        await received(intake, 3)
        assert values(intake) == [0, 1, 2]
        assert len(records(intake, "gap")) == 1


async def test_a_history_that_stays_behind_is_a_gap(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        _, intake = await running(site, [RECORDED])
        await site.server.do("archive", lag=60_000)
        await lose(site, [1])
        await site.server.write("Recorded", "Int32", 2)
        await until(lambda: len(records(intake, "gap")) == 2, within=20)
        assert "no history: it ends before" in records(intake, "gap")[-1]["reason"]
        assert values(intake) == [0, 2]


async def test_a_gap_is_filled_after_a_restart_where_it_was_not_before(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        source, intake = await running(site, [RECORDED])
        await site.server.do("archive", delay=60_000)
        await lose(site, [1, 2])
        await site.server.write("Recorded", "Int32", 3)
        await until(lambda: bool(records(intake, "gap")))
        await source.close()
        await site.server.do("archive")
        await again(source, intake)
        await received(intake, 4)
        await site.server.write("Recorded", "Int32", 4)
        await received(intake, 5)
        assert values(intake) == [0, 1, 2, 3, 4]
        assert len(records(intake, "gap")) == 1


async def test_a_gap_whose_history_is_not_wanted_says_so(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        _, intake = await running(site, [{"node": RECORDED, "history": False}])
        await lose(site, [1])
        await site.server.write("Recorded", "Int32", 2)
        await received(intake, 2)
        (gap,) = records(intake, "gap")
        assert (gap["filled"], gap["without_history"]) == (False, [RECORDED])
        assert values(intake) == [0, 2]


async def test_a_line_that_is_cut_while_a_gap_is_filled_loses_nothing(tmp_path: Path) -> None:
    async with plc(tmp_path) as site:
        port = free_port()
        proxy = Proxy(port, site.server.port)
        await proxy.start()
        there = site.connection(endpoint=f"opc.tcp://{LOOPBACK}:{port}/test")
        source, intake = await running(site, [{"node": RECORDED, "queue": 5000}], there)
        await site.server.do("archive", delay=300)
        await lose(site, list(range(1, 2501)))
        await site.server.write("Recorded", "Int32", 2501)
        await until(lambda: len(values(intake)) > 500)
        proxy.cut()
        async with asyncio.timeout(5):
            await source.lost
        await source.close()
        await again(source, intake)
        await site.server.write("Recorded", "Int32", 2502)
        await received(intake, 2503, within=20)
        assert values(intake) == list(range(2503))
        assert len(records(intake, "gap")) == 1
        await source.close()
        await proxy.stop()


@pytest.mark.parametrize("notifier", [1, 5], ids=["no history", "a history that it does not have"])
async def test_events_that_a_short_queue_dropped_are_a_gap(tmp_path: Path, notifier: int) -> None:
    """node-opcua says nothing when it drops events, and has no history of them, whatever the bit says."""
    async with plc(tmp_path, notifier=notifier) as site:
        # It keeps a hundred at least, whatever is asked for.
        events = [{"node": "Objects/Line1", "queue": 100}]
        source, intake = site.source(events=events, publishing_interval="1s"), RecordingIntake()
        await source.open()
        source.run(intake)
        await asyncio.sleep(1.5)
        await site.server.do("events", messages=[str(number) for number in range(150)])
        gaps = 1 if notifier == 1 else 2
        await until(lambda: len(records(intake, "gap")) == gaps, lambda: str(records(intake, "gap")))
        first, last = records(intake, "gap")[0], records(intake, "gap")[-1]
        assert (first["reason"], first["filled"]) == (FULL, notifier == 5)
        assert last["filled"] is False
        assert gaps == 1 or "no history" in last["reason"]
        kept = [str(number) for number in range(50, 150)]
        await until(lambda: [record["message"] for record in records(intake, "event")] == kept)
        await site.server.do("event", severity=500, message="after")
        await until(lambda: records(intake, "event")[-1]["message"] == "after")
        assert len(records(intake, "gap")) == gaps


@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "not recorded"])
async def test_a_node_that_was_away_is_a_gap_until_it_is_monitored_again(tmp_path: Path, recorded: bool) -> None:
    async with plc(tmp_path) as site:
        proxy = Proxy(free_port(), site.server.port)
        await proxy.start()
        connection = site.connection(endpoint=f"opc.tcp://{LOOPBACK}:{proxy.port}", keepalive="5s")
        await site.server.do("add", node="Away", type="Int32", value=0)
        source, intake = await running(site, ["ns=1;s=Away"], connection, retry_nodes="2s")
        proxy.delay(0.1)  # on a slow line, its first value comes long before all is asked that belongs to it
        await site.server.do("remove", node="Away")
        await until(lambda: str(records(intake)[-1]["status"]).startswith("Bad"), lambda: str(records(intake)))
        await site.server.do("add", node="Away", type="Int32", value=1, recorded=recorded)
        await site.server.do("burst", node="Away", type="Int32", values=[2, 3])
        await until(lambda: 3 in values(intake))
        await site.server.write("Away", "Int32", 4)
        await until(lambda: 4 in values(intake))
        (gap,) = records(intake, "gap")
        assert (gap["reason"], gap["filled"]) == ("the server did not have the node", recorded)
        came = [each for each in sequence(intake) if each is not None]
        assert came == ([0, "gap", 1, 2, 3, 4] if recorded else [0, "gap", 3, 4])
        await source.close()
        await proxy.stop()
