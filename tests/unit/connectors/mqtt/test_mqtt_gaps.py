"""The subscription is remembered over restarts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from tundish_connectors.mqtt.gaps import Gap, SubscriptionMemory

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def test_nothing_is_remembered_at_first(tmp_path: Path) -> None:
    assert SubscriptionMemory(tmp_path).recall() is None


def test_it_is_remembered(tmp_path: Path) -> None:
    SubscriptionMemory(tmp_path).remember("a/+", 1, NOW)
    found = SubscriptionMemory(tmp_path).recall()
    assert found is not None
    assert (found.topic, found.qos, found.seen) == ("a/+", 1, "2026-03-02T06:00:00+00:00")


def test_a_damaged_memory_is_none(tmp_path: Path) -> None:
    for text in ("", "{", "[]", '{"topic": 1}', '{"other": 1}'):
        (tmp_path / "subscription.json").write_text(text)
        assert SubscriptionMemory(tmp_path).recall() is None


def test_gaps_are_kept(tmp_path: Path) -> None:
    memory = SubscriptionMemory(tmp_path)
    memory.record(Gap("a", "x", "y"))
    memory.record(Gap("b", "y", "z"))
    lines = (tmp_path / "gaps.jsonl").read_text().splitlines()
    assert [json.loads(line)["topic"] for line in lines] == ["a", "b"]
