"""What we publish as an edge node."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tundish.errors import Invalid
from tundish_connectors.sparkplug.births import BirthCounter
from tundish_connectors.sparkplug.own_node import OwnNode, death_of
from tundish_connectors.sparkplug.payload.datatypes import DataType
from tundish_connectors.sparkplug.payload.decoding import decode
from tundish_connectors.sparkplug.payload.metrics import Metric
from tundish_connectors.sparkplug.topics import Address

ADDRESS = Address("plant", "ours")
TYPES = {"speed": DataType.Double, "count": DataType.Int64}


def node(*, of_devices: bool = False, aliases: bool = False) -> OwnNode:
    """An edge node that was born at 1000."""
    made = OwnNode(ADDRESS, TYPES, of_devices=of_devices, aliases=aliases)
    list(made.births(1000))
    return made


def test_births_have_every_metric() -> None:
    (birth,) = OwnNode(ADDRESS, TYPES, of_devices=False, aliases=False).births(1000)
    message = decode(birth.payload)
    assert (birth.topic, birth.seq, message.seq) == ("spBv1.0/plant/NBIRTH/ours", 0, 0)
    assert [(metric.name, metric.value) for metric in message.metrics] == [
        ("bdSeq", 0),
        ("Node Control/Rebirth", False),
        ("speed", None),
        ("count", None),
    ]
    assert {metric.timestamp for metric in message.metrics} == {1000}


def test_a_later_birth_has_the_present_values() -> None:
    made = node(of_devices=True)
    at = 2000
    list(made.data("press", (Metric("speed", DataType.Double, Decimal(3), timestamp=at),), at))
    list(made.data("press", (Metric("speed", DataType.Double, Decimal(1), timestamp=at - 1),), at))
    _, device = made.births(3000)
    speed = next(metric for metric in decode(device.payload).metrics if metric.name == "speed")
    assert (device.seq, speed.value, speed.timestamp) == (1, 3, at)


def test_what_is_older_than_the_birth_is_of_the_past() -> None:
    made = node()
    (data,) = made.data("", (Metric("count", DataType.Int64, 1, timestamp=999),), 2000)
    assert decode(data.payload).metrics[0].historical
    (data,) = made.data("", (Metric("count", DataType.Int64, 1, timestamp=1000),), 2000)
    assert not decode(data.payload).metrics[0].historical


def test_a_message_that_does_not_fit_changes_nothing() -> None:
    made = node(of_devices=True)
    with pytest.raises(Invalid):
        list(made.data("press", (Metric("count", DataType.Int64, "x"),), 2000))
    birth, data = made.data("press", (Metric("count", DataType.Int64, 1),), 2000)
    assert (birth.seq, data.seq) == (1, 2)


def test_numbers_are_of_one_metric_each() -> None:
    made = node(of_devices=True, aliases=True)
    births = [next(iter(made.data(name, (Metric("count", DataType.Int64, 1),), 2000))) for name in ("a", "b")]
    aliases = [metric.alias for birth in births for metric in decode(birth.payload).metrics]
    assert aliases == [0, 1, 2, 3]


def test_the_death_has_the_number_of_the_birth() -> None:
    message = decode(death_of(ADDRESS, 17, 1000).payload)
    assert message.number("bdSeq") == 17
    assert message.seq is None


def test_connections_are_counted_over_restarts(tmp_path: Path) -> None:
    assert [BirthCounter(tmp_path).following() for _ in range(3)] == [0, 1, 2]
    (tmp_path / "bdseq").write_text("255")
    assert BirthCounter(tmp_path).following() == 0
    (tmp_path / "bdseq").write_text("garbage")
    assert BirthCounter(tmp_path).following() == 0
