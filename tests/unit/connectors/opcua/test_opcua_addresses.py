"""How nodes are written, sequence numbers, and what is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tundish_connectors.opcua.addresses import address_fault, escaped, is_node_id, named, segments
from tundish_connectors.opcua.history.repeats import Repeats
from tundish_connectors.opcua.subscribing.memory import Position, Remembered, SubscriptionFile
from tundish_connectors.opcua.subscribing.sequence import between, following, is_after
from tundish_connectors.opcua.values.records import Item


@pytest.mark.parametrize("text", ["i=85", "ns=2;s=A/B", "nsu=urn:plc;i=7", "g=72962B91-FA75-4AE6-8D28-B404DC7DAF63"])
def test_node_ids(text: str) -> None:
    assert is_node_id(text)
    assert not address_fault(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Line1/Scale", "a path begins with"),
        ("", "a path begins with"),
        ("Objects/Line1/*", "exactly one node"),
        ("ns=2;x=A", "a path begins with"),
    ],
)
def test_what_is_no_address(text: str, fault: str) -> None:
    assert fault in address_fault(text)


@pytest.mark.parametrize("text", ["Objects/*", "Objects/Line1/**"])
def test_wildcards(text: str) -> None:
    assert not address_fault(text, wildcards=True)
    assert address_fault("Objects/*/A", wildcards=True)
    assert address_fault("Objects/***", wildcards=True)


def test_names_with_slashes_and_namespaces() -> None:
    assert segments("Objects/2:Line&/1/Scale") == ["Objects", "2:Line/1", "Scale"]
    assert segments(f"Objects/{escaped('A/B&C')}") == ["Objects", "A/B&C"]
    assert named("2:Scale") == (2, "Scale")
    assert named("DB1:Scale") == (None, "DB1:Scale")


def test_sequence_numbers_go_round() -> None:
    assert following(1) == 2
    assert following(0xFFFFFFFF) == 1
    assert is_after(1, 0xFFFFFFFF)
    assert not is_after(0xFFFFFFFF, 1)
    assert between(3, 7) == [4, 5, 6]
    assert between(3, 4) == []
    assert between(0xFFFFFFFE, 2) == [0xFFFFFFFF, 1]
    assert len(between(1, 1_000_000, most=10)) == 10


def test_the_position_is_read_back_and_damage_is_no_position(tmp_path: Path) -> None:
    position = Position(7, 42, "2026-03-02T14:05:00Z", 9, {"Objects/A": {"high": True}})
    assert Position.decode(position.encode()) == position
    assert Position.decode(b"{") is None
    assert Position.decode(b'{"other": 1}') is None
    file = SubscriptionFile(tmp_path)
    assert file.recall() is None
    file.remember(Remembered(subscription=7, items={"k": [1, "ns=1;s=A", "Objects/A", "A", 0, [], 5]}))
    recalled = file.recall()
    assert recalled is not None
    assert recalled.by_handle() == {1: Item(1, "ns=1;s=A", "Objects/A", "A", 0, ())}
    (tmp_path / "subscription.json").write_text("{")
    assert file.recall() is None


def test_repeats_are_known_after_a_planned_stop(tmp_path: Path) -> None:
    record = {"kind": "value", "path": "p", "name": "n", "source_time": "t", "value": 1}
    first = Repeats(tmp_path)
    assert not first.knows(record)
    first.saw([record, {"kind": "gap"}])
    first.remember()
    second = Repeats(tmp_path)
    second.recall()
    assert second.knows(record)
    assert not second.knows({**record, "value": 2})
    assert not second.knows({**record, "source_time": None})
    (tmp_path / "recent.json").write_text("{")
    Repeats(tmp_path).recall()
