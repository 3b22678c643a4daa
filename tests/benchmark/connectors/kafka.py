"""How many records a second Kafka hands to the journal, beside the bare client that keeps nothing.

    python tests/benchmark/connectors/kafka.py [--json]

librdkafka's mock cluster is in this process's memory, so the figures say nothing about a cluster, only about us.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

# Python puts the folder of the script first; the tests are a package of the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.benchmark.broker_rates import COUNT, host_of, rates
from tests.benchmark.measurement import Measurement, tell
from tests.conformance.harness.kafka import Harness
from tests.conformance.harness_contract import PeerHarness
from tests.conformance.kafka_cluster import LIBRDKAFKA, MISSING
from tundish.sdk import connector


async def bare_client(peer: PeerHarness) -> float:
    """Takes the newest from the same place, and commits after each batch."""
    consumer = AIOKafkaConsumer(bootstrap_servers=host_of(peer), group_id="bare", enable_auto_commit=False)
    await consumer.start()
    place = TopicPartition("in", 0)
    consumer.assign([place])
    end = (await consumer.end_offsets([place]))[place]
    consumer.seek(place, end - COUNT // 2)
    received, first = 0, 0.0
    while received < COUNT // 2:
        for batch in (await consumer.getmany(timeout_ms=1000, max_records=500)).values():
            first = first or time.perf_counter()
            received += len(batch)
            await consumer.commit({place: batch[-1].offset + 1})
    rate: float = received / (time.perf_counter() - first)
    await consumer.stop()
    return rate


async def measure() -> list[Measurement]:
    """Every figure of this connector."""
    return await rates(connector("kafka"), Harness, bare_client)


if __name__ == "__main__":
    if LIBRDKAFKA is None:
        raise SystemExit(MISSING)
    tell(*asyncio.run(measure()))
