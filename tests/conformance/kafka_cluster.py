"""librdkafka's mock cluster: brokers in this process's memory that speak Kafka's protocol, without users and rights.

Python's binding does not offer all of it, so the library that it brings is called directly.
"""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path

from tests.conformance.ports import LOOPBACK, free_port
from tests.conformance.proxy import Proxy

MISSING = "librdkafka is not installed (pip install confluent-kafka)"


def _library() -> Path | None:
    found = importlib.util.find_spec("confluent_kafka")
    if found is None or found.origin is None:
        return None
    return next(iter(Path(found.origin).parents[1].glob("confluent_kafka.libs/librdkafka-*.so*")), None)


LIBRDKAFKA = _library()


class KafkaLine(Proxy):
    """The way to a broker; who comes by it is told to come by it again, though the broker tells its own address."""

    def told(self, data: bytes) -> bytes:
        """An address is a host, and a port of four bytes behind it."""
        host = LOOPBACK.encode()
        return data.replace(host + self.upstream.to_bytes(4, "big"), host + self.port.to_bytes(4, "big"))


class KafkaCluster:
    """One broker, and a fault proxy before it."""

    def __init__(self) -> None:
        assert LIBRDKAFKA is not None
        self._library = library = ctypes.CDLL(str(LIBRDKAFKA))
        for name in ("rd_kafka_new", "rd_kafka_mock_cluster_new"):
            getattr(library, name).restype = ctypes.c_void_p
        library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
        reason = ctypes.create_string_buffer(512)
        self._handle = ctypes.c_void_p(library.rd_kafka_new(0, None, reason, 512))
        assert self._handle.value, reason.value
        self._cluster = ctypes.c_void_p(library.rd_kafka_mock_cluster_new(self._handle, 1))
        self.own_port = int(library.rd_kafka_mock_cluster_bootstraps(self._cluster).rpartition(b":")[2])
        self.proxy = KafkaLine(free_port(), self.own_port)

    @property
    def port(self) -> int:
        """Where clients find it."""
        return self.proxy.port

    def topic(self, name: str, partitions: int = 1) -> None:
        """Make a topic."""
        assert self._library.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1) == 0

    def delete_topic(self, name: str) -> None:
        """Delete a topic with all that it has."""
        assert self._library.rd_kafka_mock_topic_delete(self._cluster, name.encode()) == 0

    def discard(self, topic: str, before: int, partition: int = 0) -> None:
        """Discard the oldest records, as a topic's retention does."""
        library, offset = self._library, ctypes.c_int64(before)
        failed = library.rd_kafka_mock_partition_delete_records(self._cluster, topic.encode(), partition, offset)
        assert failed == 0

    def fail(self, request: int, *errors: int) -> None:
        """Answer the next requests of a kind with these errors (Kafka protocol: API keys and error codes)."""
        codes = (ctypes.c_int * len(errors))(*errors)
        self._library.rd_kafka_mock_push_request_errors_array(
            self._cluster, ctypes.c_int16(request), ctypes.c_size_t(len(errors)), codes
        )

    async def start(self) -> None:
        """Be there; what the topics had is still there."""
        await self.proxy.start()

    async def stop(self) -> None:
        """Be gone."""
        await self.proxy.stop()

    async def finish(self) -> None:
        """End for good."""
        await self.proxy.stop()
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._handle)
