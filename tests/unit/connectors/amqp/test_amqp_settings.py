"""What may be written about a broker, and what is said about the rest."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tundish_connectors.amqp.settings import AmqpConnectionSettings, AmqpSourceSettings


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"hosts": []}, "at least 1 item"),
        ({"hosts": ["amqp://a"]}, "'amqp://a' is no address"),
        ({"hosts": ["a:99999"]}, "'a:99999' is no address"),
        ({"hosts": ["a"], "username": "u"}, "'username' is given without 'password'"),
        ({"hosts": ["a"], "password": "env:P"}, "'password' is given without 'username'"),
        ({"hosts": ["a"], "username": "u", "password": "p"}, "a secret is written here"),
        ({"hosts": ["a"], "authentication": "certificate"}, "has no certificate"),
        ({"hosts": ["a"], "heartbeat": "60s"}, "less than or equal to 5"),
        ({"hosts": ["a"], "management": "a:15672"}, "should match pattern"),
    ],
)
def test_wrong_connections_are_refused(settings: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        AmqpConnectionSettings.model_validate(settings)


def test_a_source_declares_nothing_unless_it_is_asked_to() -> None:
    assert AmqpSourceSettings.model_validate({"queue": "q"}).declare is None
    made = AmqpSourceSettings.model_validate({"queue": "q", "declare": {}}).declare
    assert made is not None
    assert made.type == "quorum"
