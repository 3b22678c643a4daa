"""Reads the partitions of a topic; each record is a unit. Its position is made durable in the same transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError, RecordTooLargeError

from tundish.errors import Misconfigured, NotConnected
from tundish.faults import Fault
from tundish.model import Acceptance, Unit
from tundish.sdk import Arrivals, Context, Intake, Source
from tundish.telemetry import Event
from tundish_connectors.kafka.cluster import DENIED, Cluster, farewell, said
from tundish_connectors.kafka.commits import Commits
from tundish_connectors.kafka.connection import KafkaConnection
from tundish_connectors.kafka.positions import Gap, Positions, begin, positions_of, record
from tundish_connectors.kafka.records import TOMBSTONE, Consumed, meta_of
from tundish_connectors.kafka.settings import KafkaSourceSettings
from tundish_connectors.kafka.topics import config_faults, config_of

_NEWS = 30_000
"""Milliseconds after which partitions that were added are noticed."""


class KafkaSource(Source[KafkaSourceSettings, KafkaConnection]):
    """One consumer with fixed partitions. A group would deal them out to others, whose journals know no position."""

    def __init__(self, settings: KafkaSourceSettings, connection: KafkaConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._consumer: Any = None
        self._cluster: Cluster | None = None
        self._partitions: tuple[int, ...] = ()
        self._commits: Commits | None = None
        self._room = asyncio.Event()
        self._taken: dict[int, int] = {}
        self._group = settings.group or connection.name(context.name)

    async def open(self) -> None:
        """Connect and look at the topic. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        await self.close()
        self._cluster = cluster = self.connection.cluster()
        self._consumer = consumer = AIOKafkaConsumer(
            **cluster.options(self.connection.name(self.context.name)),
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            metadata_max_age_ms=_NEWS,
            max_partition_fetch_bytes=self.settings.largest,
            fetch_max_bytes=max(52_428_800, self.settings.largest),
        )
        await cluster.started(consumer.start)
        self._partitions = await self._find_partitions(cluster, consumer)

    async def _find_partitions(self, cluster: Cluster, consumer: Any) -> tuple[int, ...]:
        topic = self.settings.topic
        there = await cluster.asked(self._there(consumer))
        if not there:
            raise Misconfigured(f"there is no topic '{topic}'", "make it, or ask for the right to describe it")
        wanted = self.settings.partitions
        if absent := set(wanted or ()) - set(there):
            raise Misconfigured(f"the topic '{topic}' has no partition {min(absent)}", f"it has {len(there)}")
        return tuple(sorted(there if wanted is None else wanted))

    @staticmethod
    def _client(consumer: Any) -> Any:
        return consumer._client  # noqa: SLF001 - `topics` shows no partitions, and `stop` may wait for ever

    async def _there(self, consumer: Any) -> set[int]:
        # To ask for the topic by its name could make it, with the cluster's defaults.
        metadata = await self._client(consumer).fetch_all_metadata()
        return set(metadata.partitions_for_topic(self.settings.topic) or ())

    async def close(self) -> None:
        """Tell the group how far we are, and disconnect."""
        consumer, self._consumer = self._consumer, None
        commits, self._commits = self._commits, None
        if consumer is None:
            return
        if commits is not None:
            await commits.finish()
        if not await farewell(consumer.stop):
            await farewell(self._client(consumer).close)

    async def check(self) -> Sequence[Fault]:
        """Say how the topic loses records, and that the group does not take our positions."""
        if self._cluster is None or self._consumer is None:
            return ()
        topic = self.settings.topic
        config = await config_of(self._cluster, self.connection.name(self.context.name), topic)
        found = [*config_faults(topic, config, reading=True)]
        if self._commits is not None and self._commits.refused:
            text = f"the group '{self._group}' does not take our positions: {self._commits.refused}"
            found.append(Fault("group", text, "give the route a group of its own"))
        return found

    async def run(self, intake: Intake) -> None:
        """Raises NotConnected when the cluster is gone, AuthFailed without the right to read."""
        cluster, consumer = self._cluster, self._consumer
        if cluster is None or consumer is None:
            raise NotConnected("the source is not open")
        consumer.assign([TopicPartition(self.settings.topic, partition) for partition in self._partitions])
        self._taken = await self._begin(cluster, consumer, positions_of(await intake.cursor(), self.settings.topic))
        for partition, offset in self._taken.items():
            consumer.seek(TopicPartition(self.settings.topic, partition), offset)
        self._commits = commits = Commits(consumer, self.settings.topic)
        for partition, offset in self._taken.items():
            # Until the first record of all, only the group can know that we began at 'latest'.
            commits.reach(partition, offset)
        arrivals = Arrivals(intake)
        arrivals.start(self.context, self.settings.max_pending)
        self.context.start(commits.run(), name="commit")
        self.context.start(self._receive(consumer, arrivals, commits), name="receive")
        await cluster.watch(partial(self._look, consumer), asyncio.Event())

    async def _look(self, consumer: Any) -> None:
        there = await self._there(consumer)
        if self.settings.partitions is None and there != set(self._partitions):
            raise NotConnected(f"the topic '{self.settings.topic}' has {len(there)} partitions now")

    async def _begin(self, cluster: Cluster, consumer: Any, kept: Mapping[int, int]) -> dict[int, int]:
        """Where each partition begins: behind the journal; else where the group is; else as `start` says."""
        every = [TopicPartition(self.settings.topic, partition) for partition in self._partitions]
        earliest = await cluster.asked(consumer.beginning_offsets(every))
        latest = await cluster.asked(consumer.end_offsets(every))
        found: dict[int, int] = {}
        for each in every:
            wanted = kept.get(each.partition)
            if wanted is None and not kept:
                wanted = await cluster.asked(consumer.committed(each))
            if wanted is None:
                # A partition that the journal does not know, beside others that it does, was added since.
                from_beginning = self.settings.start == "earliest" or bool(kept)
                found[each.partition] = (earliest if from_beginning else latest)[each]
                continue
            position, gap = begin(self.settings.topic, each.partition, wanted, earliest[each], latest[each])
            found[each.partition] = position
            self._report(gap)
        return found

    async def _receive(self, consumer: Any, arrivals: Arrivals, commits: Commits) -> None:
        while True:
            room = self.settings.max_pending - arrivals.unacknowledged
            # To ask costs as much as some records do, so it is not done for each of them.
            if room < max(1, self.settings.max_pending // 8):
                self._room.clear()
                await self._room.wait()
                continue
            try:
                batches = await consumer.getmany(timeout_ms=1000, max_records=room)
            except OffsetOutOfRangeError as error:
                await self._start_again(consumer, error)
            except DENIED as error:
                raise NotConnected(f"the cluster refused: {said(error)}") from error
            except RecordTooLargeError as error:
                raise Misconfigured("a record is larger than 'largest'", "raise it") from error
            except (KafkaError, OSError) as error:
                raise NotConnected(f"the cluster is gone: {said(error)}") from error
            else:
                received = datetime.now(UTC)
                for batch in batches.values():
                    for found in batch:
                        self._take(arrivals, commits, found, received)

    async def _start_again(self, consumer: Any, error: OffsetOutOfRangeError) -> None:
        """The topic discarded records while we were reading them, or was made anew."""
        places = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
        if not places or self._cluster is None:
            raise NotConnected("the position is not there any more") from error
        earliest = await self._cluster.asked(consumer.beginning_offsets(list(places)))
        latest = await self._cluster.asked(consumer.end_offsets(list(places)))
        for place, wanted in places.items():
            position, gap = begin(place.topic, place.partition, wanted, earliest[place], latest[place])
            self._report(gap)
            consumer.seek(place, position)

    def _take(self, arrivals: Arrivals, commits: Commits, found: Consumed, received: datetime) -> None:
        self._taken[found.partition] = following = found.offset + 1
        unit = Unit(
            body=TOMBSTONE if found.value is None else found.value,
            received=received,
            meta=meta_of(found),
            cursor=Positions(self.settings.topic, self._taken).cursor(),
        )
        arrivals.add(unit, partial(self._accepted, commits, found.partition, following))

    def _accepted(self, commits: Commits, partition: int, following: int, _: Acceptance) -> None:
        commits.reach(partition, following)
        self._room.set()

    def _report(self, gap: Gap | None) -> None:
        if gap is None:
            return
        record(self.context.data, gap, datetime.now(UTC))
        self.context.log.warning(
            Event.SOURCE_GAP,
            topic=gap.topic,
            partition=gap.partition,
            first=gap.first,
            last=gap.last,
            reason=gap.reason,
        )
