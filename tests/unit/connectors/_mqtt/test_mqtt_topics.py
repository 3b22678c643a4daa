"""Topics: what may be subscribed to, and what may come from data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.errors import Invalid
from tundish_connectors._mqtt.topics import filter_fault, require_publishable


@pytest.mark.parametrize("topic", ["a", "plant7/+/completions", "#", "a/#", "+/+", "/", "$SYS/broker/uptime", "a b"])
def test_filters(topic: str) -> None:
    assert filter_fault(topic) == ""


@pytest.mark.parametrize("topic", ["", "a/#/b", "a#", "a/b+", "a\0", "a\nb", "$share/group/a", "x" * 65536])
def test_wrong_filters(topic: str) -> None:
    assert filter_fault(topic)


@pytest.mark.parametrize(
    "topic", ["", "a/+", "a/#", "a\0b", "$SYS/a", "a\r\nb", "a\x7f", "a\x85b", "ü" * 40000, "a\ud800"]
)
def test_a_topic_from_data_that_means_something_else_is_invalid(topic: str) -> None:
    with pytest.raises(Invalid) as caught:
        require_publishable(topic)
    assert caught.value.faults


@given(st.text(max_size=30))
def test_what_is_publishable_has_no_wildcard_and_no_control_character(topic: str) -> None:
    try:
        require_publishable(topic)
    except Invalid:
        return
    assert topic.isprintable() or all(ord(character) >= 32 for character in topic)
    assert not set(topic) & set("+#\0\r\n")
    assert not topic.startswith("$")
