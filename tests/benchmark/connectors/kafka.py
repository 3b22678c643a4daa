"""How many records a second Kafka hands to the journal, beside the bare client that keeps nothing.

    python tests/benchmark/connectors/kafka.py [--json]

librdkafka's mock cluster is in this process's memory, so the figures say nothing about a cluster, only about us. It
gives one batch of records at a time, as it was written: records of a quiet system, which come in groups of a few, and
of a busy one.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.benchmark.broker_rates import BODY, COUNT, host_of, rates
from tests.benchmark.by_hand import kept
from tests.benchmark.measurement import Measurement, tell
from tests.conformance.harness.kafka import Harness
from tests.conformance.harness_contract import PeerHarness
from tests.conformance.kafka_cluster import LIBRDKAFKA, MISSING
from tundish.sdk import connector


async def backlog(peer: PeerHarness) -> None:
    """Write as many as are counted, about five hundred in a batch."""
    producer = AIOKafkaProducer(bootstrap_servers=host_of(peer), max_batch_size=500_000, linger_ms=100)
    await producer.start()
    written = [await producer.send("in", BODY) for _ in range(COUNT)]
    for each in written:
        await each
    await producer.stop()


async def bare_client(peer: PeerHarness, keep: Callable[[Sequence[Any]], None] = lambda batch: None) -> float:
    """Takes the newest from the same place, and commits after each batch. Before the first one it is not timed."""
    consumer = AIOKafkaConsumer(bootstrap_servers=host_of(peer), group_id="bare", enable_auto_commit=False)
    await consumer.start()
    place = TopicPartition("in", 0)
    consumer.assign([place])
    end = (await consumer.end_offsets([place]))[place]
    consumer.seek(place, end - COUNT)
    received, before, since = 0, 0, 0.0
    while received < COUNT:
        for batch in (await consumer.getmany(timeout_ms=1000, max_records=500)).values():
            received += len(batch)
            if not since:
                before, since = received, time.perf_counter()
            keep(batch)
            await consumer.commit({place: batch[-1].offset + 1})
    rate: float = (received - before) / (time.perf_counter() - since)
    await consumer.stop()
    return rate


async def by_hand(peer: PeerHarness) -> float:
    """The same, and keeps each batch before it is committed."""
    with tempfile.TemporaryDirectory() as folder, kept(Path(folder)) as file:

        def keep(batch: Sequence[Any]) -> None:
            for record in batch:
                file.keep(record.value)
            file.sync()

        return await bare_client(peer, keep)


async def measure() -> list[Measurement]:
    """Every figure of this connector."""
    return await rates(connector("kafka"), Harness, bare_client, by_hand=by_hand, backlog=backlog)


if __name__ == "__main__":
    if LIBRDKAFKA is None:
        raise SystemExit(MISSING)
    tell(*asyncio.run(measure()))
