"""Writing to a topic: what counts as delivered, and whose fault a refusal is. The peer is librdkafka's mock cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.stand import outgoing
from tests.conformance.strangers import STRANGERS, stranger
from tests.integration.connectors.kafka.dock import Dock
from tundish.errors import AuthFailed, Invalid, NotConnected, Rejected, Transient

pytestmark = pytest.mark.anyio

PRODUCE = 0
"""The kind of a request (Kafka protocol: API keys)."""
MESSAGE_TOO_LARGE, NOT_ENOUGH_REPLICAS, TOPIC_AUTHORIZATION_FAILED = 10, 19, 29
"""Error codes of the Kafka protocol."""


async def test_records_of_one_key_go_to_one_partition(dock: Dock) -> None:
    stand = dock.destination(key="{{ line }}", headers={"plant": "7"})
    await stand.open()
    receipts = [await stand.destination.deliver(outgoing(number, line="L4")) for number in range(6)]
    (partition,) = {receipt.facts["partition"] for receipt in receipts}
    assert [receipt.facts["offset"] for receipt in receipts] == [*range(6)]
    record = (await dock.written("in", int(str(partition))))[0]
    headers = dict(record.headers)
    assert (record.key, headers["Idempotency-Key"], headers["plant"]) == (b"L4", b"key-00000", b"7")
    assert headers["Content-Type"] == b"application/json"


async def test_a_topic_that_is_not_there_is_refused_and_not_made(dock: Dock) -> None:
    stand = dock.destination(topic="{{ to }}")
    await stand.open()
    for _ in range(2):
        with pytest.raises(Rejected, match="there is no topic 'absent'"):
            await stand.destination.deliver(outgoing(1, to="absent"))
    fixed = dock.destination(topic="absent")
    await fixed.open()
    assert "there is no topic 'absent'" in str([*await fixed.component.check()])


async def test_a_name_that_no_topic_can_have_is_a_fault_of_the_data(dock: Dock) -> None:
    stand = dock.destination(topic="{{ to }}")
    await stand.open()
    for name in ("", "a b", "..", "a/b", "x" * 250):
        with pytest.raises(Invalid, match="is no name of a topic"):
            await stand.destination.deliver(outgoing(1, to=name))


async def test_a_record_that_is_too_large_is_refused(dock: Dock) -> None:
    stand = dock.destination(largest=2048)
    await stand.open()
    with pytest.raises(Rejected, match="too large"):
        await stand.destination.deliver(outgoing(1, b"x" * 3000))
    dock.cluster.fail(PRODUCE, MESSAGE_TOO_LARGE)
    with pytest.raises(Rejected, match="too large"):
        await stand.destination.deliver(outgoing(1, b"x" * 1000))
    await stand.destination.deliver(outgoing(1, b"x"))


async def test_too_few_replicas_are_waited_for(dock: Dock) -> None:
    stand = dock.destination(timeout="10s")
    await stand.open()
    dock.cluster.fail(PRODUCE, NOT_ENOUGH_REPLICAS, NOT_ENOUGH_REPLICAS)
    await stand.destination.deliver(outgoing(1, b"one"))


async def test_a_right_that_is_missing_is_named(dock: Dock) -> None:
    stand = dock.destination()
    await stand.open()
    dock.cluster.fail(PRODUCE, TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(AuthFailed):
        await stand.destination.deliver(outgoing(1))


async def test_an_acknowledgement_that_does_not_come_ends_the_producer(dock: Dock) -> None:
    stand = dock.destination(timeout="1s")
    await stand.open()
    await stand.destination.deliver(outgoing(1, b"one"))
    dock.cluster.proxy.freeze()
    with pytest.raises(Transient):
        await stand.destination.deliver(outgoing(2, b"two"))
    assert isinstance(await stand.lost, NotConnected)
    await stand.close()
    dock.cluster.proxy.cut()
    dock.cluster.proxy.thaw()
    await stand.open_when_possible()
    await stand.destination.deliver(outgoing(2, b"two"))


async def test_a_topic_on_one_broker_alone_is_reported(dock: Dock) -> None:
    stand = dock.destination()
    await stand.open()
    assert "3 of 3 partitions of the topic 'in' are on one broker alone" in str([*await stand.component.check()])


@pytest.mark.parametrize("what", STRANGERS)
async def test_a_broker_that_is_not_trusted_is_not_spoken_to(dock: Dock, tmp_path: Path, what: str) -> None:
    async with stranger(tmp_path, what) as other:
        connection = dock.connection(hosts=[other.address], tls={"ca_file": str(other.authority.file)})
        with pytest.raises(AuthFailed, match="is not trusted"):
            await dock.destination(connection).open()
    assert not any(other.heard)
