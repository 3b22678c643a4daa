"""What a message becomes when it is published: its topic, and what goes beside its payload. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.model import Outgoing, Record
from tundish_connectors._mqtt.properties import properties_of
from tundish_connectors._mqtt.topics import require_publishable
from tundish_connectors.mqtt.settings import MqttDestinationSettings

_LONGEST = 65535
"""Bytes of a text or of correlation data (MQTT 5.0, 1.5.4 and 1.5.6)."""


@dataclass(frozen=True, slots=True)
class Publication:
    """One message as it is published."""

    topic: str
    response_topic: str = ""
    correlation: bytes = b""
    user: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(settings: MqttDestinationSettings, message: Outgoing) -> Publication:
        """Render every template. Raises Invalid where one gives nothing usable."""
        topic = settings.topic.render(message.scope)
        require_publishable(topic)
        response_topic = settings.response_topic.render(message.scope) if settings.response_topic else ""
        if response_topic:
            require_publishable(response_topic)
        correlation = settings.correlation.render(message.scope) if settings.correlation else ""
        user = {name: value.render(message.scope) for name, value in settings.user.items()}
        return Publication(topic, response_topic, _bytes_of(correlation), user)

    def preview(self, settings: MqttDestinationSettings) -> Record:
        """What a dry run shows: only what is set."""
        shown: Record = {"topic": self.topic, "qos": settings.qos, "retain": settings.retain}
        if self.response_topic:
            shown["response_topic"] = self.response_topic
        if self.correlation:
            shown["correlation"] = self.correlation.hex()
        if self.user:
            shown["user"] = dict(self.user)
        return shown

    def properties(self, settings: MqttDestinationSettings, message: Outgoing) -> Properties:
        """For MQTT 5."""
        properties = properties_of(PacketTypes.PUBLISH)
        if message.content_type:
            properties.ContentType = message.content_type
        if self.response_topic:
            properties.ResponseTopic = self.response_topic
        if self.correlation:
            properties.CorrelationData = self.correlation
        if settings.expiry is not None:
            properties.MessageExpiryInterval = int(settings.expiry)
        properties.UserProperty = [("Idempotency-Key", message.idempotency_key), *self.user.items()]
        return properties

    def size(self, message: Outgoing) -> int:
        """Bytes of the packet, generously."""
        beside = [self.topic, self.response_topic, message.idempotency_key, message.content_type]
        beside += [*self.user, *self.user.values()]
        return len(message.body) + len(self.correlation) + sum(len(text.encode()) + 5 for text in beside) + 64


def needs_mqtt_5(settings: MqttDestinationSettings) -> list[str]:
    """Settings that MQTT 3.1.1 cannot carry."""
    wanted = {
        "expiry": settings.expiry is not None,
        "response_topic": settings.response_topic is not None,
        "correlation": settings.correlation is not None,
        "user": bool(settings.user),
    }
    return [name for name, is_set in wanted.items() if is_set]


def _bytes_of(correlation: str) -> bytes:
    try:
        found = bytes.fromhex(correlation)
    except ValueError:
        text = f"the correlation {correlation[:80]!a} is not hexadecimal"
        cure = "take '{{ meta.properties.correlation }}' of the request"
        raise Invalid(text, faults=(Fault("correlation", text, cure),)) from None
    if len(found) > _LONGEST:
        text = f"the correlation has {len(found)} bytes; at most {_LONGEST} are possible"
        raise Invalid(text, faults=(Fault("correlation", text),))
    return found
