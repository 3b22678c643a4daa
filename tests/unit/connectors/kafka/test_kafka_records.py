"""What a record has beside its value."""

from __future__ import annotations

import pytest

from tundish.errors import Invalid
from tundish_connectors.kafka.records import require_writable, text_of, time_of


def test_bytes_become_text() -> None:
    assert text_of("Grüß".encode()) == "Grüß"
    assert text_of(b"\xff\x00") == "ff00"


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(1767323045123, "2026-01-02T03:04:05.123+00:00"), (0, "1970-01-01T00:00:00.000+00:00"), (-1, None), (2**62, None)],
)
def test_times(milliseconds: int, text: str | None) -> None:
    assert time_of(milliseconds) == text


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        require_writable("a b", {"key": "\ud800", "header h": "fine"})
    assert [fault.path for fault in caught.value.faults] == ["topic", "key"]
    require_writable("a.b_c-1", {"key": "ü"})
