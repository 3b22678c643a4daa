"""Settings of the MQTT connector that cannot work are refused when they are read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tundish_connectors.mqtt.settings import MqttConnectionSettings, MqttDestinationSettings, MqttSourceSettings


def test_the_protocol_may_be_written_as_a_number() -> None:
    assert MqttConnectionSettings.model_validate({"broker": "b", "protocol": 5}).protocol == "5"


@pytest.mark.parametrize(
    "wrong",
    [
        {"broker": ""},
        {"broker": "b", "port": 70000},
        {"broker": "b", "protocol": 3},
        {"broker": "b", "password": "env:X"},
        {"broker": "b", "username": "u", "password": "in clear"},
        {"broker": "b", "client_id": "with space"},
    ],
)
def test_wrong_connections(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MqttConnectionSettings.model_validate(wrong)


@pytest.mark.parametrize("topic", ["", "+/b", "a/#", "$SYS/x", "a\nb"])
def test_wrong_status_topics(topic: str) -> None:
    settings = {"broker": "b", "status_topic": topic}
    if not topic:
        assert MqttConnectionSettings.model_validate(settings).status_topic == ""
        return
    with pytest.raises(ValidationError, match="no topic to publish to"):
        MqttConnectionSettings.model_validate(settings)


def test_a_shared_subscription_is_refused_because_it_loses_the_order() -> None:
    with pytest.raises(ValidationError, match="their order is lost"):
        MqttSourceSettings.model_validate({"topic": "$share/tundish/plant/+"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"topic": "a/#/b"},
        {"topic": "a/+x/+x"},
        {"topic": "a/#rest/b"},
        {"topic": "a", "qos": 2},
        {"topic": "a", "receive_maximum": 0},
        {"topic": "a", "retained": "always"},
    ],
)
def test_wrong_subscriptions(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MqttSourceSettings.model_validate(wrong)


def test_a_literal_secret_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ValidationError) as caught:
        MqttConnectionSettings.model_validate({"broker": "b", "username": "u", "password": "hunter2"})
    assert "hunter2" not in str(caught.value.errors(include_input=False))


def test_a_broken_template_is_refused() -> None:
    with pytest.raises(ValidationError):
        MqttDestinationSettings.model_validate({"topic": "a/{{ line"})
