"""A mock cluster behind its proxy, and clients of its own."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.conformance.kafka_cluster import KafkaCluster
from tests.conformance.ports import LOOPBACK
from tests.conformance.stand import RecordingIntake, Stand, Workbench
from tundish.sdk import connector

SPEC = connector("kafka")


class Dock:
    """A topic with three partitions, somebody who writes, and somebody who reads."""

    def __init__(self, bench: Workbench) -> None:
        self.cluster = KafkaCluster()
        self.cluster.topic("in", 3)
        self._bench = bench
        self._producer: Any = None

    async def start(self) -> None:
        """The cluster and the one who writes."""
        await self.cluster.start()
        self._producer = AIOKafkaProducer(**self._options)
        await self._producer.start()

    async def stop(self) -> None:
        """All of it."""
        await self._producer.stop()
        await self.cluster.finish()

    @property
    def _options(self) -> dict[str, Any]:
        return {"bootstrap_servers": f"{LOOPBACK}:{self.cluster.port}", "metadata_max_age_ms": 1000}

    async def send(self, *bodies: bytes | None, topic: str = "in", partition: int = 0, **record: Any) -> None:
        """Write, and wait for each record."""
        for body in bodies:
            await (await self._producer.send(topic, body, partition=partition, **record))

    async def written(self, topic: str, partition: int = 0) -> list[Any]:
        """The records of a partition."""
        place = TopicPartition(topic, partition)
        consumer = AIOKafkaConsumer(**self._options)
        await consumer.start()
        try:
            consumer.assign([place])
            end = (await consumer.end_offsets([place]))[place]
            consumer.seek(place, (await consumer.beginning_offsets([place]))[place])
            found: list[Any] = []
            while not found or found[-1].offset < end - 1:
                found += [each for batch in (await consumer.getmany(timeout_ms=200)).values() for each in batch]
            return found
        finally:
            await consumer.stop()

    async def reached(self, group: str, partition: int = 0) -> int | None:
        """What a group was told."""
        consumer = AIOKafkaConsumer(**self._options, group_id=group, enable_auto_commit=False)
        await consumer.start()
        try:
            found: int | None = await consumer.committed(TopicPartition("in", partition))
            return found
        finally:
            await consumer.stop()

    def connection(self, **settings: object) -> dict[str, object]:
        """The proxy."""
        return {"hosts": [f"{LOOPBACK}:{self.cluster.port}"], "connect_timeout": "3s", "probe": "1s", **settings}

    def source(self, connection: dict[str, object] | None = None, **settings: object) -> Stand:
        """A source of the topic."""
        return self._bench.stand(
            SPEC, SPEC.source, connection or self.connection(), {"topic": "in", "group": "us", **settings}, "in"
        )

    def destination(self, connection: dict[str, object] | None = None, **settings: object) -> Stand:
        """A destination that writes to the topic."""
        base = {"topic": "in", "timeout": "2s"}
        return self._bench.stand(SPEC, SPEC.destination, connection or self.connection(), {**base, **settings}, "out")


def places(intake: RecordingIntake, partition: int = 0) -> list[object]:
    """The offsets that were accepted from a partition, in their order."""
    return [unit.meta["offset"] for unit in intake.accepted if unit.meta["partition"] == partition]
