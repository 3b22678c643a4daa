"""What may be written about clusters and topics."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tundish_connectors.kafka.settings import KafkaConnectionSettings, KafkaSourceSettings


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"hosts": []}, "at least 1 item"),
        ({"hosts": ["a,b"], "username": "u"}, "'username' is given without 'password'"),
        ({"hosts": ["a"], "password": "env:P"}, "'password' is given without 'username'"),
        ({"hosts": ["a"], "sasl": "GSSAPI"}, "Input should be 'PLAIN'"),
        ({"hosts": ["a"], "probe": "1m"}, "less than or equal to 6"),
    ],
)
def test_wrong_connections_are_refused(settings: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        KafkaConnectionSettings.model_validate(settings)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"topic": "a b"}, "should match pattern"),
        ({"topic": "a", "partitions": []}, "at least 1 item"),
        ({"topic": "a", "partitions": [-1]}, "greater than or equal to 0"),
        ({"topic": "a", "start": "now"}, "'earliest' or 'latest'"),
    ],
)
def test_wrong_sources_are_refused(settings: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        KafkaSourceSettings.model_validate(settings)
