"""MQTT: topics that are subscribed to, and topics that are published to."""

from __future__ import annotations

from collections.abc import Collection

from tundish.sdk import ConnectorSpec, Part, Trait
from tundish_connectors.mqtt.settings import MqttConnectionSettings, MqttDestinationSettings, MqttSourceSettings


def _source_traits(settings: MqttSourceSettings) -> Collection[Trait]:
    return ["repeats"] if settings.qos else []


def _destination_traits(settings: MqttDestinationSettings) -> Collection[Trait]:
    return ["twice"] if settings.qos else []


SPEC = ConnectorSpec(
    id="mqtt",
    summary="Topics of an MQTT broker, versions 5 and 3.1.1.",
    connection=Part(
        MqttConnectionSettings,
        "tundish_connectors.mqtt.connection:MqttConnection",
        "broker: broker.plant7.example\ntls: {}\nusername: tundish\npassword: env:MQTT_PASSWORD\n",
    ),
    source=Part(
        MqttSourceSettings,
        "tundish_connectors.mqtt.source:MqttSource",
        "topic: plant7/+/completions\n",
        traits=_source_traits,
    ),
    destination=Part(
        MqttDestinationSettings,
        "tundish_connectors.mqtt.destination:MqttDestination",
        'topic: "plant7/{{ line }}/orders"\n',
        traits=_destination_traits,
    ),
    extra="mqtt",
)
"""What the entry point `mqtt` of the group `tundish.connectors` names."""
