"""What a route sees of a message beside its payload: `$meta`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from paho.mqtt.properties import Properties

from tundish.model import Record
from tundish_connectors._mqtt.receiving import Arrival
from tundish_connectors.mqtt.levels import Levels


def meta_of(message: Arrival, levels: Levels) -> Record:
    """`topic`, `levels`, `qos`, `retain`, `properties`."""
    return {
        "topic": message.topic,
        "levels": levels.read(message.topic),
        "qos": message.qos,
        "retain": message.retain,
        "properties": {} if message.properties is None else _properties(message.properties),
    }


def _properties(properties: Properties) -> Record:
    """What an application may have said (MQTT 5.0, 3.3.2.3)."""
    found: Record = {}
    for ours, theirs in (("response_topic", "ResponseTopic"), ("content_type", "ContentType")):
        if (text := getattr(properties, theirs, None)) is not None:
            found[ours] = str(text)
    if isinstance(correlation := getattr(properties, "CorrelationData", None), bytes):
        found["correlation"] = correlation.hex()
    if isinstance(expiry := getattr(properties, "MessageExpiryInterval", None), int):
        found["expiry"] = expiry
    if user := getattr(properties, "UserProperty", None):
        found["user"] = _user(user)
    return found


def _user(pairs: Sequence[tuple[str, str]]) -> Record:
    """A name that comes more than once has a list of its values, in their order."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(str(name), []).append(str(value))
    return {name: list(found) if len(found) > 1 else found[0] for name, found in values.items()}
