"""What RabbitMQ's management plugin knows about a queue, and what of it loses messages."""

from __future__ import annotations

from typing import Any

import pytest

from tundish_connectors.amqp.management import queue_faults


@pytest.mark.parametrize(
    ("facts", "texts"),
    [
        ({"durable": True}, []),
        ({}, []),
        ({"durable": False}, ["is not durable"]),
        ({"auto_delete": True}, ["is deleted when nobody reads it"]),
        ({"arguments": {"x-expires": 1000}}, ["is deleted when nobody reads it"]),
        ({"effective_policy_definition": {"ha-mode": "all"}}, ["is mirrored"]),
        ({"effective_policy_definition": {"max-length": 10}}, ["drops its oldest messages beyond its max-length"]),
        ({"arguments": {"x-max-length-bytes": 10}}, ["beyond its max-length-bytes"]),
        ({"arguments": {"x-max-length": 10, "x-overflow": "reject-publish"}}, []),
        ({"arguments": {"x-message-ttl": 60000}}, ["drops messages that are older than 60000 ms"]),
        ({"arguments": {"x-delivery-limit": 5}}, ["handed out 5 times"]),
        ({"arguments": {"x-delivery-limit": 5, "x-dead-letter-exchange": "dlx"}}, []),
    ],
)
def test_ways_to_lose_messages_are_named(facts: dict[str, Any], texts: list[str]) -> None:
    found = [str(fault) for fault in queue_faults("q", facts)]
    assert len(found) == len(texts)
    assert all(text in fault for text, fault in zip(texts, found, strict=True))
