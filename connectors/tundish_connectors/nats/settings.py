"""Settings of the NATS connector."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from tundish.sdk import Addresses, Duration, Secret, Settings, Template, TlsSettings, wrong_value
from tundish_connectors.nats.subjects import filter_fault

Name = Annotated[str, Field(pattern=r"^[^\s.*>/\\]{1,255}$")]
"""Name of a stream or of a consumer."""


def _is_filter(subject: str) -> str:
    if fault := filter_fault(subject):
        raise wrong_value(f"'{subject}' is no subject: {fault}", "write e.g. 'plant7.*.completions'")
    return subject


Subject = Annotated[str, AfterValidator(_is_filter)]


class NatsConnectionSettings(Settings):
    """A NATS server or cluster with JetStream, and how to reach it."""

    hosts: Addresses
    """The servers, e.g. `[nats-1, "nats-2:4223"]`; they are tried one after the other. The port is 4222,
    unless given."""
    username: str | None = None
    """User name, where the server asks for one."""
    password: Secret | None = None
    """Password of that user."""
    token: Secret | None = None
    """Token, where the server asks for one instead of a user."""
    nkey_seed: Secret | None = None
    """Seed of our NKey (`SU…`): it signs the server's challenge and never leaves this machine."""
    credentials: Path | None = None
    """File with a user's JWT and seed, as `nsc generate creds` writes it."""
    tls: TlsSettings | None = None
    """Encrypt the connection. `tls: {}` trusts the certificate authorities of the system. A server that does not
    require TLS is refused then."""
    client_name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z_-]+$")] = "tundish"
    """How the names begin by which the server knows us, and our consumers; the route's name follows. Two daemons on
    one cluster need different ones, otherwise each takes a part of the other one's messages."""
    domain: Name | None = None
    """JetStream domain, where the streams are beyond a leaf node."""
    inbox_prefix: Subject = "_INBOX"
    """How the subjects of answers begin; another one where the user may subscribe to that alone."""
    ping: Annotated[Duration, Field(ge=1, le=4)] = 3.0
    """How often the server is asked whether it is there, in whole seconds; after three times without an answer, it is
    gone."""
    connect_timeout: Annotated[Duration, Field(gt=0)] = 10.0
    """How long connecting to one host may take, and how long every question to JetStream."""

    @model_validator(mode="after")
    def _one_way_to_be_known(self) -> NatsConnectionSettings:
        if (self.password is None) != (self.username is None):
            given, absent = ("username", "password") if self.password is None else ("password", "username")
            raise wrong_value(f"'{given}' is given without '{absent}'", f"add the '{absent}' that belongs to it")
        ways = [name for name in ("username", "token", "nkey_seed", "credentials") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise wrong_value(f"'{ways[0]}' and '{ways[1]}' are both given", "keep the one that the server asks for")
        return self


class NatsStreamDeclaration(Settings):
    """A stream on disk that is made when it is not there."""

    subjects: Annotated[tuple[Subject, ...], Field(min_length=1)]
    """What the stream keeps."""
    replicas: Annotated[int, Field(ge=1, le=5)] = 1
    """How many servers keep it; 3 survive the loss of one."""


class NatsSourceSettings(Settings):
    """Read a stream; each message is one unit. It is acknowledged when the journal has it."""

    stream: Name
    """Name of the stream."""
    subject: Subject | None = None
    """Only what was published to this subject, e.g. `plant7.*.completions`."""
    declare: NatsStreamDeclaration | None = None
    """Make the stream when it is not there, without limits. Otherwise it must be there."""
    consumer: Name | None = None
    """A durable pull consumer that somebody made for us; it is used as it is. Otherwise we make one, named after
    `client_name` and the route."""
    start: Literal["all", "new"] = "all"
    """What a consumer that we make begins with: everything that the stream has, or what comes from now on."""
    max_pending: Annotated[int, Field(ge=1, le=2000)] = 500
    """How many messages may be on their way to the disk at the same time."""
    ack_wait: Annotated[Duration, Field(ge=1, le=3600)] = 5.0
    """After so long without a sign of ours the server hands a message out again; after a crash, new messages wait for
    that, so that the order stays."""


class NatsDestinationSettings(Settings):
    """Publish each message; it is delivered when a stream has acknowledged it."""

    subject: Template
    """Subject, e.g. `plant7.{{ line }}.orders`. Wildcards and white space from data are refused."""
    stream: Name | None = None
    """Stream that must take it; any stream that takes the subject, unless given."""
    headers: Mapping[Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,255}$")], Template] = Field(default_factory=dict)
    """Headers of the message, e.g. `{plant: "{{ plant.name }}"}`."""
    timeout: Annotated[Duration, Field(gt=0)] = 10.0
    """Without an acknowledgement for so long, it is published again; the stream drops the repeat."""
