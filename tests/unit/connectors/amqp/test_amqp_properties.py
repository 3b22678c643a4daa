"""What goes with a message, from AMQP's types to ours and back."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from aiormq.abc import DeliveredMessage
from hypothesis import given
from hypothesis import strategies as st
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from tests.conformance.stand import outgoing
from tundish.errors import Invalid
from tundish_connectors.amqp.properties import meta_of, publish_properties, require_sendable


def delivered(properties: Basic.Properties) -> DeliveredMessage:
    """A message as the library hands it over."""
    deliver = Basic.Deliver("tag", 7, redelivered=True, exchange="orders", routing_key="a.b")
    return DeliveredMessage(deliver, ContentHeader(0, 0, properties), b"", None)  # type: ignore[arg-type] # no channel


def test_meta_holds_what_the_broker_says() -> None:
    properties = Basic.Properties(
        message_id="m1",
        timestamp=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        message_type="order",
        headers={"x-delivery-count": 3, "raw": b"\x01", "weight": 1.5, "deep": {"a": [True, None, Decimal("1.20")]}},
    )
    assert meta_of("q", delivered(properties)) == {
        "queue": "q",
        "exchange": "orders",
        "routing_key": "a.b",
        "redelivered": True,
        "delivery_count": 3,
        "message_id": "m1",
        "timestamp": "2026-01-02T03:04:05+00:00",
        "headers": {
            "x-delivery-count": 3,
            "raw": "01",
            "weight": Decimal("1.5"),
            "deep": {"a": [True, None, Decimal("1.20")]},
        },
        "properties": {"type": "order"},
    }


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), VALUES))
def test_whatever_the_headers_hold_becomes_json(headers: dict[str, Any]) -> None:
    msgspec.json.encode(meta_of("q", delivered(Basic.Properties(headers=headers))))


def test_what_is_published_is_persistent_and_known_by_its_key() -> None:
    properties = publish_properties(outgoing(1), {"line": "4"})
    assert (properties.delivery_mode, properties.message_id) == (2, "key-00001")
    assert properties.headers == {"line": "4"}


@pytest.mark.parametrize("text", ["x" * 256, "ü" * 128, "\ud800"])
def test_what_amqp_cannot_carry_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        require_sendable(routing_key=text)
    require_sendable(routing_key="x" * 255)
