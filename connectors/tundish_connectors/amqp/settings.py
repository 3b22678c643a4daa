"""Settings of the AMQP connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tundish.sdk import Addresses, Duration, Secret, Settings, Template, TlsSettings, wrong_value

Name = Annotated[str, Field(min_length=1, max_length=255)]


class AmqpConnectionSettings(Settings):
    """A broker of AMQP 0-9-1, such as RabbitMQ, and how to reach it."""

    hosts: Addresses
    """The broker's nodes, e.g. `[rabbit-1, "rabbit-2:5673"]`; they are tried one after the other. The port is 5672, or
    5671 with `tls`, unless given."""
    virtual_host: Annotated[str, Field(min_length=1)] = "/"
    """The broker's virtual host."""
    username: str | None = None
    """User name; `guest` unless given, whom RabbitMQ takes from its own machine only."""
    password: Secret | None = None
    """Password of that user."""
    authentication: Literal["password", "certificate"] = "password"
    """`certificate`: the broker knows us by the certificate in `tls` (SASL EXTERNAL)."""
    tls: TlsSettings | None = None
    """Encrypt the connection. `tls: {}` trusts the certificate authorities of the system."""
    client_name: Annotated[str, Field(min_length=1, max_length=64)] = "tundish"
    """How the names begin that the broker shows for our connections; the route's name follows."""
    heartbeat: Annotated[Duration, Field(ge=1, le=5)] = 5.0
    """How often both sides show that they are there, in whole seconds. After about two and a half times of silence, the
    peer is gone."""
    connect_timeout: Annotated[Duration, Field(gt=0)] = 10.0
    """How long connecting to one host may take, encryption and greeting included."""
    management: Annotated[str | None, Field(pattern=r"^https?://[^\s/@]+/?$")] = None
    """Address of RabbitMQ's management plugin, e.g. `https://rabbit-1.plant7.example:15671`. Only `tundish check` asks
    it, for what AMQP does not tell: limits, policies, durability."""

    @model_validator(mode="after")
    def _credentials_are_whole(self) -> AmqpConnectionSettings:
        if (self.password is None) != (self.username is None):
            given, absent = ("username", "password") if self.password is None else ("password", "username")
            raise wrong_value(f"'{given}' is given without '{absent}'", f"add the '{absent}' that belongs to it")
        if self.authentication == "certificate" and (self.tls is None or self.tls.certificate is None):
            raise wrong_value("'authentication: certificate' has no certificate", "set 'tls.certificate'")
        return self


class AmqpBinding(Settings):
    """What an exchange puts into the queue."""

    exchange: Name
    """Exchange that gives to the queue; it must be there."""
    routing_key: Annotated[str, Field(max_length=255)] = ""
    """Routing key, or a pattern where the exchange is a topic exchange, e.g. `plant7.*.completions`."""


class AmqpQueueDeclaration(Settings):
    """A durable queue that is made when it is not there."""

    type: Literal["quorum", "classic"] = "quorum"
    """`quorum` is kept on a majority of the nodes, `classic` on one of them."""
    bindings: tuple[AmqpBinding, ...] = ()
    """What exchanges put into it."""


class AmqpSourceSettings(Settings):
    """Read a queue; each message is one unit. It is acknowledged when the journal has it."""

    queue: Name
    """Name of the queue."""
    declare: AmqpQueueDeclaration | None = None
    """Make the queue when it is not there; `declare: {}` makes a quorum queue. Otherwise it must be there."""
    prefetch: Annotated[int, Field(ge=1, le=2000)] = 250
    """How many messages may be on their way to the disk at the same time."""
    exclusive: bool = False
    """Let the broker refuse every other reader of this queue, since they would deal the messages out between them."""


class AmqpDestinationSettings(Settings):
    """Publish each message; it is delivered when the broker has confirmed that a queue holds it."""

    exchange: Template | None = None
    """Exchange, e.g. `orders`; without it, the routing key is the name of a queue."""
    routing_key: Template
    """Routing key, e.g. `plant7.{{ line }}`."""
    headers: Mapping[Name, Template] = Field(default_factory=dict)
    """Headers of the message, e.g. `{plant: "{{ plant.name }}"}`."""
    mandatory: bool = True
    """Refuse a message that no queue is bound for. Without it, such a message is lost silently."""
    timeout: Annotated[Duration, Field(gt=0)] = 20.0
    """Without a confirmation for so long, the connection is taken for dead and made anew."""
