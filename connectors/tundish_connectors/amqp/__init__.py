"""AMQP 0-9-1: queues that are read, and exchanges that are published to."""

from __future__ import annotations

from collections.abc import Collection

from tundish.sdk import ConnectorSpec, Part, Trait
from tundish_connectors.amqp.settings import AmqpConnectionSettings, AmqpDestinationSettings, AmqpSourceSettings


def _source_traits(_: AmqpSourceSettings) -> Collection[Trait]:
    return ["repeats"]


def _destination_traits(_: AmqpDestinationSettings) -> Collection[Trait]:
    return ["twice"]


SPEC = ConnectorSpec(
    id="amqp",
    summary="Queues and exchanges of RabbitMQ and other brokers of AMQP 0-9-1.",
    connection=Part(
        AmqpConnectionSettings,
        "tundish_connectors.amqp.connection:AmqpConnection",
        "hosts: [rabbit-1.plant7.example, rabbit-2.plant7.example]\ntls: {}\nusername: tundish\n"
        "password: env:AMQP_PASSWORD\n",
    ),
    source=Part(
        AmqpSourceSettings,
        "tundish_connectors.amqp.source:AmqpSource",
        "queue: completions\n",
        traits=_source_traits,
    ),
    destination=Part(
        AmqpDestinationSettings,
        "tundish_connectors.amqp.destination:AmqpDestination",
        'exchange: orders\nrouting_key: "plant7.{{ line }}"\n',
        traits=_destination_traits,
    ),
    extra="amqp",
)
"""What the entry point `amqp` of the group `tundish.connectors` names."""
