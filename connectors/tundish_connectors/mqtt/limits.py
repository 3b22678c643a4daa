"""Where a broker keeps less for us than a route asked for. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from paho.mqtt.properties import Properties

from tundish.faults import Fault
from tundish.sdk import format_duration
from tundish_connectors.mqtt.settings import MqttSourceSettings


def limit_faults(said: Properties, asked: MqttSourceSettings) -> Sequence[Fault]:
    """What the broker's CONNACK (MQTT 5.0, 3.2.2.3) changes of a subscription."""
    faults = []
    expiry = getattr(said, "SessionExpiryInterval", None)
    if isinstance(expiry, int) and expiry < int(asked.session_expiry):
        kept, wanted = format_duration(float(expiry)), format_duration(asked.session_expiry)
        text = f"the broker keeps messages for us only for {kept} while we are away, not for {wanted}"
        cure = "raise the broker's limit for sessions, or write here what it keeps"
        faults.append(Fault("session_expiry", text, cure))
    most = getattr(said, "MaximumQoS", 2)
    if asked.qos > most:
        text = f"the broker offers at most QoS {most}, so what is sent while we are away is lost"
        faults.append(Fault("qos", text, "let it offer QoS 1 (mosquitto: max_qos), or accept the loss with 'qos: 0'"))
    return faults
