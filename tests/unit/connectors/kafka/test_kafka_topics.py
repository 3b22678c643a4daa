"""How topics lose records by their own settings."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tundish_connectors.kafka.topics import config_faults, replication_faults


@pytest.mark.parametrize(
    ("config", "reading", "text"),
    [
        ({"min.insync.replicas": "1"}, False, "acknowledges when one broker has a record"),
        ({"unclean.leader.election.enable": "true"}, True, "lets a replica that is behind become the leader"),
        ({"retention.ms": "3600000"}, True, "discards records after 1 h"),
        ({"retention.bytes": "1000"}, True, "discards its oldest records beyond 1000 bytes"),
        ({"cleanup.policy": "compact"}, True, "is compacted"),
    ],
)
def test_ways_to_lose_records_are_named(config: dict[str, str], reading: bool, text: str) -> None:
    (fault,) = config_faults("t", config, reading=reading)
    assert text in str(fault)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"min.insync.replicas": "2"},
        {"retention.ms": "-1"},
        {"retention.ms": "3600000", "cleanup.policy": "compact"},
    ],
)
def test_what_writes_is_told_nothing_about_reading(config: dict[str, str]) -> None:
    assert not config_faults("t", config, reading=False)


def test_replicas() -> None:
    def partition(number: int, replicas: int, isr: int) -> SimpleNamespace:
        return SimpleNamespace(partition=number, replicas=[0] * replicas, isr=[0] * isr)

    assert not replication_faults("t", [partition(0, 3, 3)])
    first, second = replication_faults("t", [partition(0, 1, 1), partition(1, 3, 2), partition(2, 3, 3)])
    assert "1 of 3 partitions" in str(first)
    assert "partitions 1 of the topic 't' have replicas that are behind" in str(second)
