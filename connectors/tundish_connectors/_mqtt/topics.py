"""Which topics may be subscribed to, and which may be built from data. Pure."""

from __future__ import annotations

from tundish.errors import Invalid
from tundish.faults import Fault

_LONGEST = 65535
"""Bytes; the length of a topic is sent in two bytes (MQTT 5.0, 1.5.4)."""


def filter_fault(topic: str) -> str:
    """What is wrong with a topic filter (MQTT 5.0, 4.7); empty where nothing is."""
    levels = topic.split("/")
    if not topic or len(topic.encode()) > _LONGEST:
        return "a topic filter has 1 to 65 535 bytes"
    if any(ord(character) < 32 or ord(character) == 127 for character in topic):
        return "a topic filter holds no control characters"
    if topic.startswith("$share/"):
        return "a shared subscription deals messages out to many clients, and their order is lost"
    if any("#" in level and level != "#" for level in levels) or "#" in levels[:-1]:
        return "'#' stands alone, and only at the end"
    if any("+" in level and level != "+" for level in levels):
        return "'+' stands for one whole level"
    return ""


def publish_faults(topic: str) -> list[str]:
    """What is wrong with a topic that is to be published to (MQTT 5.0, 4.7)."""
    faults = []
    if not topic:
        faults.append("it is empty")
    if "+" in topic or "#" in topic:
        faults.append("it holds a wildcard, '+' or '#'")
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in topic):
        faults.append("it holds a control character")
    if topic.startswith("$"):
        faults.append("topics that begin with '$' belong to the broker")
    if len(topic.encode(errors="surrogatepass")) > _LONGEST:
        faults.append("it is longer than 65 535 bytes")
    if any(0xD800 <= ord(character) < 0xE000 for character in topic):
        faults.append("it holds half of a character")
    return faults


def require_publishable(topic: str) -> None:
    """Raises Invalid, with every fault, where a topic that was built from data may not be published to."""
    if faults := publish_faults(topic):
        text = f"the topic {topic[:200]!a} cannot be used"
        raise Invalid(text, faults=tuple(Fault("topic", f"{text}: {fault}") for fault in faults))
