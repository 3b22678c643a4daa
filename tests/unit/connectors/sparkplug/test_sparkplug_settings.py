"""Settings, topics and states."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from tundish_connectors.sparkplug.hosting.known_nodes import KnownNodes
from tundish_connectors.sparkplug.payload.datatypes import DataType
from tundish_connectors.sparkplug.settings import (
    MetricType,
    SparkplugConnectionSettings,
    SparkplugDestinationSettings,
    SparkplugSourceSettings,
)
from tundish_connectors.sparkplug.state import HostState, newer, read_state
from tundish_connectors.sparkplug.topics import Address, read_topic, topic_of

NODE = {"group": "g", "edge_node": "e", "metrics": {"a": "Int8"}}


@pytest.mark.parametrize(
    "wrong",
    [
        {**NODE, "group": "a/b"},
        {**NODE, "edge_node": ""},
        {**NODE, "edge_node": "+"},
        {**NODE, "metrics": {}},
        {**NODE, "metrics": {"a": "int"}},
        {**NODE, "metrics": {"a": "Template"}},
        {**NODE, "metrics": {"bdSeq": "Int64"}},
        {**NODE, "metrics": {"Node Control/Rebirth": "Boolean"}},
        {**NODE, "primary_host": "a#"},
    ],
)
def test_wrong_edge_nodes(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SparkplugDestinationSettings.model_validate(wrong)


def test_wrong_hosts() -> None:
    connections: list[dict[str, object]] = [{"host_id": "a/b"}, {"groups": [""]}, {"groups": ["a+"]}, {"late": "soon"}]
    for wrong in connections:
        with pytest.raises(ValidationError):
            SparkplugConnectionSettings.model_validate({"broker": "b", **wrong})
    sources: list[dict[str, object]] = [{"kinds": []}, {"kinds": ["STATE"]}, {"device": "a/b"}, {"at_once": 0}]
    for wrong in sources:
        with pytest.raises(ValidationError):
            SparkplugSourceSettings.model_validate(wrong)


def test_every_type_that_can_be_written_is_one() -> None:
    assert set(MetricType.__args__) <= set(DataType.__members__)  # type: ignore[attr-defined] # a Literal has them


@pytest.mark.parametrize(
    ("topic", "found"),
    [
        ("spBv1.0/g/NBIRTH/e", ("NBIRTH", Address("g", "e"))),
        ("spBv1.0/g/DDATA/e/d", ("DDATA", Address("g", "e", "d"))),
        ("spBv1.0/g/DDATA/e", None),
        ("spBv1.0/g/NDATA/e/d", None),
        ("spBv1.0/g/NCMD/e", None),
        ("spBv1.0/STATE/host", None),
        ("spAv1.0/g/NBIRTH/e", None),
        ("spBv1.0//NBIRTH/e", None),
        ("spBv1.0/g/DDATA/e/", None),
        ("", None),
    ],
)
def test_topics(topic: str, found: tuple[str, Address] | None) -> None:
    assert read_topic(topic) == found
    if found is not None:
        assert topic_of(*found) == topic


@pytest.mark.parametrize(
    ("payload", "state"),
    [
        (b'{"online": true, "timestamp": 5}', HostState(online=True, timestamp=5)),
        (b'{"online": false, "timestamp": 5, "more": 1}', HostState(online=False, timestamp=5)),
        (b"OFFLINE", HostState(online=False, timestamp=0)),
        (b'{"online": 1, "timestamp": 5}', None),
        (b'{"online": true}', None),
        (b'{"online": true, "timestamp": true}', None),
        (b"[]", None),
        (b"\xff", None),
        (b"", None),
    ],
)
def test_what_a_host_says(payload: bytes, state: HostState | None) -> None:
    assert read_state(payload) == state
    if state is not None and state.timestamp:
        assert read_state(state.encode()) == state
        assert json.loads(state.encode())["timestamp"] == 5


def test_a_late_word_of_an_earlier_connection_is_not_believed() -> None:
    online, late = HostState(online=True, timestamp=5), HostState(online=False, timestamp=4)
    assert newer(None, late) is late
    assert newer(online, late) is online
    assert newer(online, same := HostState(online=False, timestamp=5)) is same


def test_edge_nodes_are_remembered(tmp_path: Path) -> None:
    nodes = KnownNodes(tmp_path)
    assert nodes.recall() == {}
    nodes.remember({Address("g", "e"): 12.5})
    assert KnownNodes(tmp_path).recall() == {Address("g", "e"): 12.5}
    for damaged in ("", "{", "[1]", '[["g", "e"]]', '{"a": 1}'):
        (tmp_path / "edge-nodes.json").write_text(damaged)
        assert nodes.recall() == {}
