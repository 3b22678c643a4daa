"""The properties of MQTT 5 packets."""

from __future__ import annotations

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tundish.model import Outgoing


def properties_of(packet: int) -> Properties:
    """No properties yet, for a kind of packet (`PacketTypes`)."""
    return Properties(packet)  # type: ignore[no-untyped-call] # paho declares no types here


def publish_properties(message: Outgoing) -> Properties:
    """What goes with a message beside its payload."""
    properties = properties_of(PacketTypes.PUBLISH)
    if message.content_type:
        properties.ContentType = message.content_type
    properties.UserProperty = ("Idempotency-Key", message.idempotency_key)
    return properties
