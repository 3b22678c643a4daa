"""NATS JetStream: streams that are read, and subjects that are published to."""

from __future__ import annotations

from collections.abc import Collection

from tundish.sdk import ConnectorSpec, Part, Trait
from tundish_connectors.nats.settings import NatsConnectionSettings, NatsDestinationSettings, NatsSourceSettings


def _source_traits(_: NatsSourceSettings) -> Collection[Trait]:
    return ["repeats"]


SPEC = ConnectorSpec(
    id="nats",
    summary="Streams of NATS JetStream.",
    connection=Part(
        NatsConnectionSettings,
        "tundish_connectors.nats.connection:NatsConnection",
        "hosts: [nats-1.plant7.example, nats-2.plant7.example]\ntls: {}\nnkey_seed: env:NATS_SEED\n",
    ),
    source=Part(
        NatsSourceSettings,
        "tundish_connectors.nats.source:NatsSource",
        'stream: COMPLETIONS\nsubject: "plant7.*.completions"\n',
        traits=_source_traits,
    ),
    destination=Part(
        NatsDestinationSettings,
        "tundish_connectors.nats.destination:NatsDestination",
        'subject: "plant7.{{ line }}.orders"\nstream: ORDERS\n',
    ),
    extra="nats",
)
"""What the entry point `nats` of the group `tundish.connectors` names."""
