"""What is said about a broker in the settings of every connector that speaks through one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from tundish.sdk import Duration, Secret, Settings, TlsSettings, wrong_value


def _as_text(value: object) -> object:
    # `protocol: 5` is a number in YAML, and means the same as "5".
    return str(value) if not isinstance(value, str) else value


class BrokerSettings(Settings):
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
    def _password_needs_user(self) -> BrokerSettings:
        if self.password is not None and self.username is None:
            raise wrong_value("'password' is given without 'username'", "add the user whose password it is")
        return self
