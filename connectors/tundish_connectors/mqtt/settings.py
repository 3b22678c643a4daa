"""Settings of the MQTT connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tundish.sdk import Duration, Settings, Template, wrong_value
from tundish_connectors._mqtt.broker import BrokerSettings
from tundish_connectors._mqtt.topics import filter_fault, publish_faults
from tundish_connectors.mqtt.levels import levels_fault, wire_filter


def _is_filter(topic: str) -> str:
    if fault := levels_fault(topic) or filter_fault(wire_filter(topic)):
        raise wrong_value(f"'{topic}' is no topic filter: {fault}", "write e.g. 'plant7/+line/completions'")
    return topic


def _is_topic(topic: str) -> str:
    if topic and (faults := publish_faults(topic)):
        raise wrong_value(f"'{topic}' is no topic to publish to: {faults[0]}", "write e.g. 'plant7/tundish/status'")
    return topic


class MqttConnectionSettings(BrokerSettings):
    """An MQTT broker and how to reach it."""

    status_topic: Annotated[str, AfterValidator(_is_topic)] = ""
    """Topic that tells whether this daemon is up: `online` or `offline`, retained. The broker says `offline` by itself
    when the daemon is gone without a farewell. Empty: nothing is told."""


class MqttSourceSettings(Settings):
    """Subscribe to topics; each MQTT message is one unit. It is acknowledged when the journal has it."""

    topic: Annotated[str, AfterValidator(_is_filter)]
    """Topic filter, e.g. `plant7/+/completions`. A wildcard may have a name: of `plant7/+line/completions`, expressions
    read `$meta.levels.line`. `$meta.topic` tells where a message really came from."""
    qos: Literal[0, 1] = 1
    """1: the broker repeats what we did not acknowledge. 0: what is sent while we are away is lost. QoS 2 is not
    offered: the broker would hand a message over before it is on our disk."""
    retained: Literal["new", "ignore", "take"] = "new"
    """What becomes of messages that the broker retains. `new`: they come once, when the broker does not know us yet;
    `ignore`: never; `take`: at every connect, so that the route starts from the present state each time."""
    gaps: Literal["record", "message"] = "record"
    """What else becomes of a gap, a time from which messages may be missing because the broker forgot us. `record`: it
    is logged, shown in the status and kept in `gaps.jsonl`; `message`: it also comes as a message of its own,
    `{"gap": {"topic": …, "since": …, "until": …}}` with `$meta.gap` true, so that the route can tell somebody."""
    receive_maximum: Annotated[int, Field(ge=1, le=65535)] = 500
    """How many messages may be on their way to the disk at the same time: they share the waits for it, and they are in
    memory. Take fewer where messages are larger than a hundred kilobytes."""
    session_expiry: Annotated[Duration, Field(ge=0, le=0xFFFFFFFE)] = 604800.0
    """How long the broker keeps messages for us while we are away. With protocol 3.1.1 the broker alone decides."""


class MqttDestinationSettings(Settings):
    """Publish each message; it is delivered when the broker has acknowledged it."""

    topic: Template
    """Topic, e.g. `plant7/{{ line }}/orders`, or `{{ meta.properties.response_topic }}` to answer a request. Wildcards
    and control characters from data are refused."""
    qos: Literal[0, 1] = 1
    """1: the broker confirms. 0: a message counts as delivered when it was handed to the network, and may be lost."""
    retain: bool = False
    """Let the broker keep the last message of a topic for later subscribers."""
    timeout: Annotated[Duration, Field(gt=0)] = 20.0
    """Without an acknowledgement for so long, the connection is taken for dead and made anew."""
    expiry: Annotated[Duration | None, Field(ge=1, le=0xFFFFFFFF)] = None
    """After so long, a broker of MQTT 5 hands the message to nobody any more."""
    response_topic: Template | None = None
    """Topic on which an answer is expected (MQTT 5)."""
    correlation: Template | None = None
    """What tells requests apart (MQTT 5), in hexadecimal as `{{ meta.properties.correlation }}` gives it: an answer
    carries that of its request."""
    user: Mapping[str, Template] = Field(default_factory=dict)
    """User properties (MQTT 5), e.g. `{line: "{{ line }}"}`."""
