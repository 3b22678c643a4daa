"""The properties of MQTT 5 packets."""

from __future__ import annotations

from paho.mqtt.properties import Properties


def properties_of(packet: int) -> Properties:
    """No properties yet, for a kind of packet (`PacketTypes`)."""
    return Properties(packet)  # type: ignore[no-untyped-call] # paho declares no types here
