"""Topic levels as data."""

from __future__ import annotations

import pytest

from tundish_connectors.mqtt.levels import Levels, levels_fault, wire_filter


@pytest.mark.parametrize(
    ("written", "wire"),
    [
        ("plant/+line/+cell/completions", "plant/+/+/completions"),
        ("plant/#rest", "plant/#"),
        ("plant/+/#", "plant/+/#"),
        ("plant/a+b", "plant/a+b"),
        ("plant/+1", "plant/+1"),
    ],
)
def test_the_broker_knows_no_names(written: str, wire: str) -> None:
    assert wire_filter(written) == wire


@pytest.mark.parametrize(
    ("written", "topic", "levels"),
    [
        ("plant/+line/+cell", "plant/1/welding", {"line": "1", "cell": "welding"}),
        ("plant/+line/+/+cell", "plant/1/x/welding", {"line": "1", "cell": "welding"}),
        ("plant/+line/#rest", "plant/1/a/b", {"line": "1", "rest": "a/b"}),
        ("plant/+line/#rest", "plant/1", {"line": "1", "rest": ""}),
        ("+line", "", {"line": ""}),
        ("plant/+", "plant/1", {}),
    ],
)
def test_named_levels(written: str, topic: str, levels: dict[str, str]) -> None:
    assert Levels.of(written).read(topic) == levels


def test_a_name_stands_for_one_level() -> None:
    assert levels_fault("a/+line/+line") == "two levels are called 'line'"
    assert levels_fault("a/+line/#line") == "two levels are called 'line'"
    assert levels_fault("a/+line/+/+") == ""
