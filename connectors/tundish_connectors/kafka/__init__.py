"""Apache Kafka: topics that are read, and topics that are written."""

from __future__ import annotations

from collections.abc import Collection

from tundish.sdk import ConnectorSpec, Part, Trait
from tundish_connectors.kafka.settings import KafkaConnectionSettings, KafkaDestinationSettings, KafkaSourceSettings


def _source_traits(_: KafkaSourceSettings) -> Collection[Trait]:
    return ["repeats"]


def _destination_traits(_: KafkaDestinationSettings) -> Collection[Trait]:
    return ["twice"]


SPEC = ConnectorSpec(
    id="kafka",
    summary="Topics of Apache Kafka, and of what speaks its protocol.",
    connection=Part(
        KafkaConnectionSettings,
        "tundish_connectors.kafka.connection:KafkaConnection",
        "hosts: [kafka-1.plant7.example, kafka-2.plant7.example]\ntls: {}\nusername: tundish\n"
        "password: env:KAFKA_PASSWORD\nsasl: SCRAM-SHA-512\n",
    ),
    source=Part(
        KafkaSourceSettings,
        "tundish_connectors.kafka.source:KafkaSource",
        "topic: completions\n",
        traits=_source_traits,
    ),
    destination=Part(
        KafkaDestinationSettings,
        "tundish_connectors.kafka.destination:KafkaDestination",
        'topic: orders\nkey: "{{ line }}"\n',
        traits=_destination_traits,
    ),
    extra="kafka",
)
"""What the entry point `kafka` of the group `tundish.connectors` names."""
