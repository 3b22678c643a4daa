"""What the broker's refusals mean, by their class and code, never by their words."""

from __future__ import annotations

import pytest
from aiormq.exceptions import (
    ChannelAccessRefused,
    ChannelLockedResource,
    ChannelNotFoundEntity,
    ConnectionClosed,
    ProbableAuthenticationError,
)
from pamqp.commands import Connection
from pamqp.exceptions import AMQPInternalError

from tundish.errors import AuthFailed, Misconfigured, NotConnected
from tundish_connectors.amqp.reasons import not_connected, not_opened


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ProbableAuthenticationError("ACCESS_REFUSED"), AuthFailed),
        (AMQPInternalError("Connection.OpenOk", Connection.Close(530, "NOT_ALLOWED - vhost", 10, 40)), Misconfigured),
        (ConnectionClosed(530, "NOT_ALLOWED"), Misconfigured),
        (ConnectionClosed(320, "CONNECTION_FORCED"), NotConnected),
    ],
)
def test_a_connection_that_is_refused(error: Exception, kind: type[Exception]) -> None:
    assert type(not_connected("a:1", error)) is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ChannelAccessRefused("ACCESS_REFUSED"), AuthFailed),
        (ChannelLockedResource("RESOURCE_LOCKED"), NotConnected),
        (ChannelNotFoundEntity("NOT_FOUND"), Misconfigured),
        (RuntimeError("gone"), NotConnected),
    ],
)
def test_a_queue_that_is_refused(error: Exception, kind: type[Exception]) -> None:
    found = not_opened("the queue 'q'", error, "make it")
    assert type(found) is kind
    assert "the queue 'q' cannot be used" in str(found)
