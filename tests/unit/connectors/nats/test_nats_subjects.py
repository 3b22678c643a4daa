"""Which subjects may be read, and which may be published to."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.errors import Invalid
from tundish_connectors.nats.subjects import filter_fault, require_publishable


@pytest.mark.parametrize("subject", ["a", "a.b", "a.*.c", "a.>", ">", "*", "ü.b-c_d"])
def test_filters(subject: str) -> None:
    assert filter_fault(subject) == ""


@pytest.mark.parametrize("subject", ["", ".", "a.", ".a", "a..b", "a b", "a\tb", "a*", "a.b>", ">.a", "x" * 1025])
def test_what_is_no_filter(subject: str) -> None:
    assert filter_fault(subject)


@given(st.text(max_size=20))
def test_what_may_be_published_holds_nothing_of_the_protocol(subject: str) -> None:
    with suppress(Invalid):
        require_publishable(subject)
        assert_harmless(subject)


def assert_harmless(subject: str) -> None:
    """No white space, no empty names, no wildcards, and it can be written as UTF-8."""
    assert not set(subject) & set(" \r\n\t\0")
    assert not {"", "*", ">"} & set(subject.split("."))
    subject.encode()
