"""Where a broker keeps less than was asked for."""

from __future__ import annotations

from paho.mqtt.packettypes import PacketTypes

from tundish_connectors._mqtt.properties import properties_of
from tundish_connectors.mqtt.limits import limit_faults
from tundish_connectors.mqtt.settings import MqttSourceSettings

ASKED = MqttSourceSettings.model_validate({"topic": "a", "session_expiry": "2d"})


def test_a_broker_that_says_nothing_gives_what_was_asked_for() -> None:
    assert limit_faults(properties_of(PacketTypes.CONNACK), ASKED) == []


def test_a_shorter_session() -> None:
    said = properties_of(PacketTypes.CONNACK)
    said.SessionExpiryInterval = 3600
    (fault,) = limit_faults(said, ASKED)
    assert fault.path == "session_expiry"
    assert "only for 1h while we are away, not for 2d" in fault.text
    said.SessionExpiryInterval = 2 * 86400
    assert limit_faults(said, ASKED) == []


def test_a_lower_quality_of_service() -> None:
    said = properties_of(PacketTypes.CONNACK)
    said.MaximumQoS = 0
    (fault,) = limit_faults(said, ASKED)
    assert fault.path == "qos"
    assert limit_faults(said, MqttSourceSettings.model_validate({"topic": "a", "qos": 0})) == []
