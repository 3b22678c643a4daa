"""Settings of the Kafka connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tundish.sdk import Addresses, Duration, Secret, Settings, Size, Template, TlsSettings, wrong_value

TopicName = Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,249}$")]
"""Name of a topic (Kafka: org.apache.kafka.common.internals.Topic)."""


class KafkaConnectionSettings(Settings):
    """A Kafka cluster and how to reach it."""

    hosts: Addresses
    """Some of its brokers, e.g. `[kafka-1, "kafka-2:9093"]`; they name the others. The port is 9092 unless given."""
    username: str | None = None
    """User name, where the cluster asks for one (SASL)."""
    password: Secret | None = None
    """Password of that user."""
    sasl: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How the password is proven; with `PLAIN` it is sent as it is, so use it with `tls` only."""
    tls: TlsSettings | None = None
    """Encrypt the connections. `tls: {}` trusts the certificate authorities of the system."""
    client_name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z._-]+$")] = "tundish"
    """How the names begin by which the cluster knows us, and our groups; the route's name follows."""
    connect_timeout: Annotated[Duration, Field(ge=1)] = 10.0
    """How long connecting may take, and how long every question to the cluster."""
    probe: Annotated[Duration, Field(ge=0.5, le=6)] = 4.0
    """How often the cluster is asked whether it is there, and how long it may take to answer."""

    @model_validator(mode="after")
    def _credentials_are_whole(self) -> KafkaConnectionSettings:
        if (self.password is None) != (self.username is None):
            given, absent = ("username", "password") if self.password is None else ("password", "username")
            raise wrong_value(f"'{given}' is given without '{absent}'", f"add the '{absent}' that belongs to it")
        return self


class KafkaSourceSettings(Settings):
    """Read a topic; each record is one unit. The journal keeps the position, together with the record."""

    topic: TopicName
    """Name of the topic; it must be there."""
    partitions: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] | None = None
    """Only these partitions, e.g. `[0, 1]`; all of them unless given."""
    start: Literal["earliest", "latest"] = "earliest"
    """Where to begin when neither the journal nor the group knows a position."""
    group: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    """The group to which our positions are told, so that others see how far we are. It is named after `client_name` and
    the route, unless given."""
    max_pending: Annotated[int, Field(ge=1, le=2000)] = 500
    """How many records may be on their way to the disk at the same time."""
    largest: Annotated[Size, Field(ge=1024, le=500_000_000)] = 10_000_000
    """Largest batch of records that is fetched from a partition at once."""


class KafkaDestinationSettings(Settings):
    """Write each message to a topic; it is delivered when all replicas that are in sync have it."""

    topic: Template
    """Topic, e.g. `orders`; it must be there."""
    key: Template | None = None
    """Key of the record, e.g. `{{ line }}`: records of one key go to one partition and keep their order. Without it,
    they go anywhere."""
    headers: Mapping[Annotated[str, Field(min_length=1, max_length=255)], Template] = Field(default_factory=dict)
    """Headers of the record, e.g. `{plant: "{{ plant.name }}"}`."""
    compression: Literal["none", "gzip", "lz4", "snappy", "zstd"] = "none"
    """How batches are compressed."""
    largest: Annotated[Size, Field(ge=1024, le=500_000_000)] = 1_000_000
    """Largest request; the broker's `message.max.bytes` must allow it."""
    timeout: Annotated[Duration, Field(ge=1)] = 20.0
    """Without an acknowledgement for so long, the connections are taken for dead and made anew."""
