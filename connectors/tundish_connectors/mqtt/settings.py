"""Settings of the MQTT connector."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tundish.sdk import Duration, Secret, Settings, Template, TlsSettings, wrong_value
from tundish_connectors.mqtt.topics import filter_fault


def _as_text(value: object) -> object:
    # `protocol: 5` is a number in YAML, and means the same as "5".
    return str(value) if not isinstance(value, str) else value


def _is_filter(topic: str) -> str:
    if fault := filter_fault(topic):
        raise wrong_value(f"'{topic}' is no topic filter: {fault}", "write e.g. 'plant7/+/completions'")
    return topic


class MqttConnectionSettings(Settings):
    """An MQTT broker and how to reach it."""

    broker: Annotated[str, Field(min_length=1)]
    """Host name or address of the broker."""
    port: Annotated[int | None, Field(ge=1, le=65535)] = None
    """TCP port; 1883, or 8883 with `tls`, unless given."""
    protocol: Annotated[Literal["5", "3.1.1"], BeforeValidator(_as_text)] = "5"
    """Version of MQTT. With 5 the broker holds back what we have not acknowledged; use 3.1.1 for brokers without 5."""
    username: str | None = None
    """User name, where the broker asks for one."""
    password: Secret | None = None
    """Password of that user."""
    tls: TlsSettings | None = None
    """Encrypt the connection. `tls: {}` trusts the certificate authorities of the system."""
    client_id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z_.-]+$")] = "tundish"
    """How the names begin by which the broker knows us; the route's name follows. Two daemons on one broker need
    different ones, otherwise each throws the other one out."""
    keepalive: Annotated[Duration, Field(ge=1, le=65535)] = 6.0
    """After so much silence the peer is asked whether it is there; without an answer for as long again, it is gone."""
    connect_timeout: Annotated[Duration, Field(gt=0)] = 10.0
    """How long connecting may take, encryption and greeting included."""

    @model_validator(mode="after")
    def _password_needs_user(self) -> MqttConnectionSettings:
        if self.password is not None and self.username is None:
            raise wrong_value("'password' is given without 'username'", "add the user whose password it is")
        return self


class MqttSourceSettings(Settings):
    """Subscribe to topics; each MQTT message is one unit. It is acknowledged when the journal has it."""

    topic: Annotated[str, AfterValidator(_is_filter)]
    """Topic filter, e.g. `plant7/+/completions`. `$meta.topic` tells where a message really came from."""
    qos: Literal[0, 1] = 1
    """1: the broker repeats what we did not acknowledge. 0: what is sent while we are away is lost. QoS 2 is not
    offered: the broker would hand a message over before it is on our disk."""
    receive_maximum: Annotated[int, Field(ge=1, le=65535)] = 100
    """How many messages may be on their way to the disk at the same time."""
    session_expiry: Annotated[Duration, Field(ge=0, le=0xFFFFFFFE)] = 604800.0
    """How long the broker keeps messages for us while we are away. With protocol 3.1.1 the broker alone decides."""


class MqttDestinationSettings(Settings):
    """Publish each message; it is delivered when the broker has acknowledged it."""

    topic: Template
    """Topic, e.g. `plant7/{{ line }}/orders`. Wildcards and control characters from data are refused."""
    qos: Literal[0, 1] = 1
    """1: the broker confirms. 0: a message counts as delivered when it was handed to the network, and may be lost."""
    retain: bool = False
    """Let the broker keep the last message of a topic for later subscribers."""
    timeout: Annotated[Duration, Field(gt=0)] = 20.0
    """Without an acknowledgement for so long, the connection is taken for dead and made anew."""
