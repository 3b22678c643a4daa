"""What may be written about servers, streams and subjects."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tundish_connectors.nats.settings import NatsConnectionSettings, NatsSourceSettings


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"hosts": []}, "at least 1 item"),
        ({"hosts": ["nats://a"]}, "is no address"),
        ({"hosts": ["a"], "username": "u"}, "'username' is given without 'password'"),
        ({"hosts": ["a"], "token": "t"}, "a secret is written here"),
        ({"hosts": ["a"], "token": "env:T", "nkey_seed": "env:S"}, "'token' and 'nkey_seed' are both given"),
        ({"hosts": ["a"], "client_name": "a.b"}, "should match pattern"),
        ({"hosts": ["a"], "ping": "1m"}, "less than or equal to 4"),
    ],
)
def test_wrong_connections_are_refused(settings: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        NatsConnectionSettings.model_validate(settings)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"stream": "a.b"}, "should match pattern"),
        ({"stream": "a", "subject": "a..b"}, "stands a name"),
        ({"stream": "a", "declare": {}}, "Field required"),
        ({"stream": "a", "ack_wait": "100ms"}, "greater than or equal to 1"),
    ],
)
def test_wrong_sources_are_refused(settings: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        NatsSourceSettings.model_validate(settings)
