"""Sparkplug B: edge nodes that are listened to as a host application, and ourselves as an edge node."""

from __future__ import annotations

from collections.abc import Collection

from tundish.sdk import ConnectorSpec, Part, Trait
from tundish_connectors.sparkplug.settings import (
    SparkplugConnectionSettings,
    SparkplugDestinationSettings,
    SparkplugSourceSettings,
)


def _destination_traits(settings: SparkplugDestinationSettings) -> Collection[Trait]:
    return ["twice"]


SPEC = ConnectorSpec(
    id="sparkplug",
    summary="Sparkplug B 3.0 over an MQTT broker: host application and edge node.",
    connection=Part(
        SparkplugConnectionSettings,
        "tundish_connectors.sparkplug.connection:SparkplugConnection",
        "broker: broker.plant7.example\ntls: {}\nusername: tundish\npassword: env:MQTT_PASSWORD\nhost_id: tundish\n",
    ),
    source=Part(
        SparkplugSourceSettings,
        "tundish_connectors.sparkplug.source:SparkplugSource",
        "group: plant7\nkinds: [DDATA, DDEATH, GAP]\n",
    ),
    destination=Part(
        SparkplugDestinationSettings,
        "tundish_connectors.sparkplug.destination:SparkplugDestination",
        "group: plant7\nedge_node: erp-orders\ndevice: '{{ line }}'\nmetrics: {order: String, target: Int64}\n",
        traits=_destination_traits,
    ),
    extra="sparkplug",
)
"""What the entry point `sparkplug` of the group `tundish.connectors` names."""
