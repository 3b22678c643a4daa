"""Writes to topics; a delivery is done when every replica that is in sync has the record."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    UnknownTopicOrPartitionError,
)

from tundish.errors import AuthFailed, NotConnected, Rejected, Transient
from tundish.faults import Fault
from tundish.model import Outgoing, Receipt, Value
from tundish.sdk import Context, Destination
from tundish_connectors.kafka.cluster import DENIED, Cluster, farewell, said
from tundish_connectors.kafka.connection import KafkaConnection
from tundish_connectors.kafka.records import require_writable
from tundish_connectors.kafka.settings import KafkaDestinationSettings
from tundish_connectors.kafka.topics import config_faults, config_of, replication_faults

_KEY = "Idempotency-Key"
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


class KafkaDestination(Destination[KafkaDestinationSettings, KafkaConnection]):
    """One idempotent producer: within its life, a record that it sends again is there once and in its place."""

    def __init__(self, settings: KafkaDestinationSettings, connection: KafkaConnection, context: Context) -> None:
        super().__init__(settings, connection, context)
        self._producer: Any = None
        self._cluster: Cluster | None = None
        self._over = asyncio.Event()
        self._topics: frozenset[str] = frozenset()
        self._waiting: set[asyncio.Timeout] = set()

    async def open(self) -> None:
        """Connect. Raises NotConnected, AuthFailed, Misconfigured or MissingSecret."""
        await self.close()
        settings = self.settings
        self._over = over = asyncio.Event()
        self._cluster = cluster = self.connection.cluster()
        self._producer = producer = AIOKafkaProducer(
            **cluster.options(self.connection.name(self.context.name)),
            acks="all",
            enable_idempotence=True,
            compression_type=None if settings.compression == "none" else settings.compression,
            max_request_size=settings.largest,
        )
        await cluster.started(producer.start)
        await self._look(producer)
        self.context.start(cluster.watch(lambda: self._look(producer), over), name="watch")

    async def _look(self, producer: Any) -> None:
        metadata = await producer.client.fetch_all_metadata()
        self._topics = frozenset(metadata.topics())

    async def close(self) -> None:
        """Disconnect. What was not acknowledged is written again later, by another producer."""
        self._over.set()
        producer, self._producer = self._producer, None
        if producer is None:
            return
        for patience in tuple(self._waiting):
            patience.reschedule(0)
        if not await farewell(producer.stop):
            await farewell(producer.client.close)

    async def check(self) -> Sequence[Fault]:
        """Say where the topic is not there, or is not safe; only of a topic that no template makes."""
        topic, cluster, producer = self.settings.topic.text, self._cluster, self._producer
        if "{" in topic or cluster is None or producer is None:
            return ()
        if topic not in self._topics:
            return (Fault("topic", f"there is no topic '{topic}'", "make it, or ask for the right to describe it"),)
        metadata = await cluster.asked(producer.client.fetch_all_metadata())
        partitions = [metadata._partitions[topic][number] for number in metadata.partitions_for_topic(topic) or ()]  # noqa: SLF001 - the replicas are shown nowhere else
        config = await config_of(cluster, self.connection.name(self.context.name), topic)
        return [*replication_faults(topic, partitions), *config_faults(topic, config, reading=False)]

    def preview(self, message: Outgoing) -> Mapping[str, Value]:
        """`topic`, `key`, `headers`. Raises Invalid where one of them cannot be written."""
        topic, key, headers = self._rendered(message)
        return {"topic": topic, "key": key, "headers": dict(headers)}

    def _rendered(self, message: Outgoing) -> tuple[str, str | None, dict[str, str]]:
        settings = self.settings
        topic = settings.topic.render(message.scope)
        key = None if settings.key is None else settings.key.render(message.scope)
        headers = {name: template.render(message.scope) for name, template in settings.headers.items()}
        require_writable(topic, {"key": key or "", **{f"header {name}": text for name, text in headers.items()}})
        return topic, key, headers

    async def deliver(self, message: Outgoing) -> Receipt:
        """Write. Raises Invalid, Rejected, AuthFailed or Transient.

        An acknowledgement that does not come is Transient, not Unknown: whoever reads a topic expects repeats, and
        tells them by the header.
        """
        topic, key, headers = self._rendered(message)
        sent = [(_KEY, message.idempotency_key), *headers.items()]
        if message.content_type:
            sent.append(("Content-Type", message.content_type))
        await self._require(topic)
        written = await self._write(
            topic,
            message.body,
            key=None if key is None else key.encode(),
            headers=[(name, text.encode()) for name, text in sent],
        )
        facts: dict[str, Value] = {"topic": topic, "partition": written.partition, "offset": written.offset}
        return Receipt(remote_id=f"{topic}/{written.partition}/{written.offset}", facts=facts)

    async def _require(self, topic: str) -> None:
        """Raises Rejected where there is no such topic: a cluster may make it by itself, with settings of nobody."""
        producer, cluster = self._producer, self._cluster
        if producer is None or cluster is None:
            raise Transient("the cluster is not connected")
        if topic in self._topics:
            return
        try:
            await cluster.asked(self._look(producer))
        except (NotConnected, AuthFailed) as error:
            raise Transient(str(error)) from error
        if topic not in self._topics:
            raise Rejected(f"there is no topic '{topic}', or our user may not describe it")

    async def _write(self, topic: str, body: bytes, *, key: bytes | None, headers: list[tuple[str, bytes]]) -> Any:
        producer = self._producer
        if producer is None:
            raise Transient("the cluster is not connected")
        try:
            async with asyncio.timeout(self.settings.timeout) as patience:
                self._waiting.add(patience)
                return await (await producer.send(topic, body, key=key, headers=headers))
        except TimeoutError as error:
            # What still waits in this producer would be sent later, behind what the engine sends then.
            self._over.set()
            text = f"the cluster did not acknowledge within {self.settings.timeout:g} s"
            raise Transient("the connections were closed" if self._producer is None else text) from error
        except _TOO_LARGE as error:
            raise Rejected(f"the record is too large: {said(error)}") from error
        except (InvalidTopicError, UnknownTopicOrPartitionError) as error:
            raise Rejected(f"the topic '{topic}' cannot be written: {said(error)}") from error
        except DENIED as error:
            raise AuthFailed(f"the cluster refused: {said(error)}") from error
        except (KafkaError, OSError) as error:
            raise Transient(f"the cluster did not take the record: {said(error)}") from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise Transient("the connections were closed") from error
        finally:
            self._waiting.discard(patience)
