"""Kafka peers: librdkafka's mock cluster, somebody who writes, and somebody who looks what a group has reached."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from tests.conformance.harness_contract import PeerHarness, Produced, Role
from tests.conformance.kafka_cluster import LIBRDKAFKA, MISSING, KafkaCluster
from tests.conformance.ports import LOOPBACK
from tests.conformance.proxy import Proxy

GROUP = "conformance"


class Written(Produced):
    """A record in the topic."""

    def __init__(self, harness: Harness, offset: int) -> None:
        self._harness = harness
        self._offset = offset

    @property
    def is_acknowledged(self) -> bool:
        """The group has passed it."""
        return self._harness.reached > self._offset


class Harness(PeerHarness):
    """One topic in, one out; clients of the suite go past the proxy."""

    meta: ClassVar[frozenset[str]] = frozenset({"topic", "partition", "offset", "key", "timestamp", "headers"})

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if LIBRDKAFKA is None:
            pytest.skip(MISSING)
        self._cluster: KafkaCluster | None = None
        self._producer: Any = None
        self._looking: asyncio.Task[None] | None = None
        self.reached = 0
        """The offset that the group has told to the cluster."""

    @property
    def _options(self) -> dict[str, Any]:
        assert self._cluster is not None
        return {"bootstrap_servers": f"{LOOPBACK}:{self._cluster.own_port}", "metadata_max_age_ms": 1000}

    async def start(self) -> None:
        """The cluster, somebody who writes, and somebody who looks."""
        if self._cluster is None:
            self._cluster = KafkaCluster()
            self._cluster.topic("in")
            self._cluster.topic("out")
        await self._cluster.start()
        if self._producer is None:
            self._producer = AIOKafkaProducer(**self._options)
            await self._producer.start()
            # Started here: one that is cancelled while it connects leaves a connection to nobody.
            consumer = AIOKafkaConsumer(**self._options, group_id=GROUP, enable_auto_commit=False)
            await consumer.start()
            self._looking = asyncio.get_running_loop().create_task(self._look(consumer))

    async def _look(self, consumer: Any) -> None:
        """Keep `reached` up to date."""
        place = TopicPartition("in", 0)
        try:
            consumer.assign([place])
            while True:
                with suppress(KafkaError):
                    self.reached = await consumer.committed(place) or self.reached
                await asyncio.sleep(0.02)
        finally:
            await consumer.stop()

    async def stop(self) -> None:
        """All of them are gone; what the topics had stays."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            with suppress(asyncio.CancelledError, KafkaError):
                await looking
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(asyncio.CancelledError, KafkaError):
                await producer.stop()
        if self._cluster is not None:
            await self._cluster.stop()

    async def finish(self) -> None:
        """End the cluster."""
        if self._cluster is not None:
            await self._cluster.finish()
            self._cluster = None

    def connection(self, role: Role) -> Mapping[str, object]:
        """The proxy."""
        assert self._cluster is not None
        return {"hosts": [f"{LOOPBACK}:{self._cluster.port}"], "connect_timeout": "2s", "probe": "1s"}

    def line(self, role: Role) -> Proxy:
        """The proxy."""
        assert self._cluster is not None
        return self._cluster.proxy

    def patience(self, seconds: int) -> Mapping[str, object]:
        """It asks as often."""
        return {"probe": f"{seconds}s", "connect_timeout": f"{seconds}s"}

    def settings(self, role: Role) -> Mapping[str, object]:
        """One topic in, one out."""
        return {"topic": "out", "timeout": "5s"} if role == "destination" else {"topic": "in", "group": GROUP}

    async def produce(self, body: bytes) -> Produced:
        """Write, and wait until the topic has it."""
        written = await (await self._producer.send("in", body))
        return Written(self, written.offset)

    async def collected(self) -> list[bytes]:
        """What the topic has."""
        place = TopicPartition("out", 0)
        consumer = AIOKafkaConsumer(**self._options)
        await consumer.start()
        try:
            consumer.assign([place])
            end = (await consumer.end_offsets([place]))[place]
            consumer.seek(place, 0)
            found: list[bytes] = []
            async with asyncio.timeout(5):
                while len(found) < end:
                    for batch in (await consumer.getmany(timeout_ms=100)).values():
                        found += [record.value for record in batch]
            return found
        finally:
            await consumer.stop()
